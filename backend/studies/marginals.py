"""Marginals of a picture as it is shown: one pass, chains in random orders, and the truth."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..measures.marginals import UNSEEN, exact_marginals, mixture, part_states, pixel_entropy
from ..models.provenance import versions_now
from ..runs.marginals import HIDDEN, MarginalsRequest, MarginalsRun
from ..runs.model import ModelFacts
from ..trainings.engine.any_order import AnyOrder, binary_digits, learn, shipped
from .base import STUDIES, Estimate, Progress, Report

if TYPE_CHECKING:
    from ..models.language import LanguageModel

ORDERS = 6
WIDTH, STEPS, BATCH = 32, 800, 256
"""Of the networks that learn a joint."""


class MarginalsStudy:
    """Shows one pixel after another to networks that ship, or that learn a joint here."""

    kind = "marginals"

    def estimate(self, model: LanguageModel | None, request: MarginalsRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: the picture or the joint is none.
        """
        request.values()
        learned = request.probabilities() is not None
        return Estimate(40_000_000, 1e10 if learned else 6e9)

    def run(
        self, model: LanguageModel | None, request: MarginalsRequest, report: Report
    ) -> MarginalsRun:
        """Show the picture.

        Raises:
            InputError: as ``estimate``.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        values = torch.tensor(request.values())
        joint = request.probabilities()
        ahead = 0 if joint is None else 2 * STEPS
        total = ahead + len(values) + 1

        def told(progress: Progress) -> None:
            report(replace(progress, total=total))

        def showing(step: int) -> None:
            told(Progress(ahead + step, total, "Showing pixels"))

        with torch.inference_mode(False), torch.no_grad():
            if joint is None:
                network, (case, reference) = shipped(), test_digits()
            else:
                truth = torch.from_numpy(joint)
                network = _learned(truth, len(values), request.seed, told)
                states = part_states(len(values))
                seen = (states != UNSEEN).float()
                case = network.log_marginal(states * seen, seen)
                reference = exact_marginals(truth, states)
            path = show(network, values, request, showing)
            exact = np.full(len(path.shown), np.nan, np.float32)
            if joint is not None:
                exact = _finite(exact_marginals(torch.from_numpy(joint), path.states))
        return MarginalsRun(
            request=request,
            **versions_now(),
            model=_facts(network, learned=joint is not None),
            seconds=time.perf_counter() - started,
            values=path.states[-1].numpy().astype(np.int32),
            shown=np.array(path.shown, np.int32),
            drawn=np.array(path.drawn, np.int32),
            one_pass=path.one_pass.numpy(),
            chain=path.chain.numpy(),
            exact=exact,
            ink=path.ink.numpy(),
            given_paper=path.given_paper.numpy(),
            given_ink=path.given_ink.numpy(),
            case_one_pass=case.numpy(),
            case_reference=_finite(reference),
        )


STUDIES.register(MarginalsStudy.kind)(MarginalsStudy())


@dataclass(frozen=True)
class Path:
    """What was found while pixels were shown; see ``MarginalsRun``. ``states`` int64 [I, X]."""

    shown: list[int]
    drawn: list[bool]
    states: Tensor
    one_pass: Tensor
    chain: Tensor
    ink: Tensor
    given_paper: Tensor
    given_ink: Tensor


def show(
    network: AnyOrder, values: Tensor, request: MarginalsRequest, told: Callable[[int], None]
) -> Path:
    """Show the pixels of ``values`` [X] one by one; ``told`` of every step."""
    generator = Generator().manual_seed(request.seed)
    pixels = len(values)
    orders = torch.stack([torch.randperm(pixels, generator=generator) for _ in range(ORDERS)])
    turn = torch.randperm(pixels, generator=generator)
    state = torch.full_like(values, UNSEEN)
    shown, drawn, states, rows = [-1], [False], [], []
    while True:
        told(len(states))
        states.append(state.clone())
        rows.append(_looked(network, state))
        left = (state == UNSEEN) & (values != HIDDEN)
        own = bool(left.any())
        if not own:
            left = state == UNSEEN
            if not (request.draw and left.any()):
                break
        ink = rows[-1][1]
        place = _next(request.order, left, ink, turn)
        known = int(values[place])
        by_chance = int(torch.rand((), generator=generator) < ink[place])
        state[place] = known if own else by_chance
        shown.append(place)
        drawn.append(not own)
    one_pass, ink, paper_given, ink_given = (torch.stack(each) for each in zip(*rows, strict=True))
    return Path(
        shown, drawn, torch.stack(states), one_pass,
        torch.stack([chains(network, each, orders) for each in states]),
        ink, paper_given, ink_given,
    )  # fmt: skip


def _next(order: str, left: Tensor, ink: Tensor, turn: Tensor) -> int:
    """Return which of the pixels that are ``left`` comes next."""
    if order == "uncertain":
        return int(pixel_entropy(ink).where(left, -1.0).argmax())
    way = turn if order == "random" else torch.arange(len(left))
    return int(way[left[way]][0])


def _looked(network: AnyOrder, state: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return f, p of ink, and f with each further pixel as paper and as ink, NaN where seen."""
    seen = (state != UNSEEN).float()
    picture = state * seen
    unseen = torch.nonzero(seen == 0)[:, 0]
    more = torch.eye(len(state))[unseen]
    given = torch.full((2, len(state)), torch.nan)
    if len(unseen):
        for ink in (0, 1):
            given[ink, unseen] = network.log_marginal(picture + ink * more, seen + more)
    p = torch.sigmoid(network.log_odds(picture[None], seen[None])[0])
    one = network.log_marginal(picture[None], seen[None])[0]
    return one, p.masked_fill(seen > 0, torch.nan), given[0], given[1]


def chains(network: AnyOrder, state: Tensor, orders: Tensor) -> Tensor:
    """Return log p of what is seen as a sum over each of the orders [O, X], [O]."""
    known = state != UNSEEN
    count = int(known.sum())
    if not count:
        return torch.zeros(len(orders))
    ways = torch.stack([way[known[way]] for way in orders])
    before = torch.zeros(len(orders), count, len(state))
    for step in range(1, count):
        before[:, step:] = before[:, step:].scatter(
            2, ways[:, None, step - 1 : step].expand(-1, count - step, -1), 1.0
        )
    picture = (state * known).float()
    log_odds = network.log_odds((picture * before).flatten(0, 1), before.flatten(0, 1))
    log_odds = log_odds.view(len(orders), count, -1).gather(2, ways[:, :, None])[:, :, 0]
    return -F.binary_cross_entropy_with_logits(log_odds, picture[ways], reduction="none").sum(1)


@cache
def test_digits() -> tuple[Tensor, Tensor]:
    """Return one pass and the mixture of chains of all test digits, [500] each."""
    network, pictures = shipped(), binary_digits()[1]
    generator = Generator().manual_seed(0)
    found = torch.zeros(len(pictures), ORDERS)
    for order in range(ORDERS):
        seen = torch.zeros_like(pictures)
        for place in torch.randperm(network.pixels, generator=generator).tolist():
            log_odds = network.log_odds(pictures, seen)[:, place]
            found[:, order] -= F.binary_cross_entropy_with_logits(
                log_odds, pictures[:, place], reduction="none"
            )
            seen[:, place] = 1
    return network.log_marginal(pictures, torch.ones_like(pictures)), mixture(found)


def _learned(joint: Tensor, pixels: int, seed: int, report: Report) -> AnyOrder:
    """Return networks that learned a joint."""
    whole = torch.cartesian_prod(*[torch.arange(2.0)] * pixels).view(-1, pixels)

    def draw(generator: Generator) -> Tensor:
        return whole[torch.multinomial(joint, BATCH, replacement=True, generator=generator)]

    return learn(draw, pixels, WIDTH, STEPS, seed, report)


def _finite(values: Tensor) -> np.ndarray:
    return values.masked_fill(~values.isfinite(), torch.nan).numpy().astype(np.float32)


def _facts(network: AnyOrder, *, learned: bool) -> ModelFacts:
    return ModelFacts(
        source="", name="networks of a joint" if learned else "networks of digits", revision=None,
        architecture="two any-order networks, one residual block each", parameters=network.size,
        layers=0, heads=0, kv_heads=0, hidden_size=len(network.conditionals["in.bias"]),
        vocab_size=2, context=None, dtype="float32", device="cpu", memory_bytes=4 * network.size,
        weights="float32" if learned else "float16",
    )  # fmt: skip
