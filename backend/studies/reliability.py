"""Reliability: every option scored behind every form of its question, and what follows."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError
from ..measures.reliability import (
    area,
    binary_brier,
    equal_mass,
    equal_width,
    error_auroc,
    excess_area,
    item_losses,
    middle_95,
    resamples,
    risks,
    selective_accuracy,
    tempered,
    wilson,
)
from ..reading.behind_contexts import LONG, Pair, behind_needs, next_behind, score_behind, seam
from ..reading.continuations import behind, context_ids
from ..runs.reliability import (
    LETTERS,
    MOST_BINS,
    TEMPERATURES,
    Item,
    ReliabilityRequest,
    ReliabilityRun,
    filled,
)
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel

TIMES, PART = 1_000, 20
"""Resamples of the items, and how many are measured at once."""

SHOTS = 3
HALVES = 40
"""Items from which a temperature is fitted on one half and tried on the other."""
GRID = torch.linspace(-1.5, 2.5, 81, dtype=torch.float64).exp()


class ReliabilityStudy:
    """Scores all options of all items, form after form."""

    kind = "reliability"

    def estimate(self, model: LanguageModel, request: ReliabilityRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: an item or a form is none.
        """
        request.check()
        needs = [behind_needs(model, pairs) for pairs in _forms(model, request)]
        if request.letters:
            contexts, letters = _by_letters(model, request, request.items())
            needs.append(behind_needs(model, [(each, letters[:1]) for each in contexts], LONG))
        return Estimate(max(each for each, _ in needs), sum(work for _, work in needs))

    def run(
        self, model: LanguageModel, request: ReliabilityRequest, report: Report
    ) -> ReliabilityRun:
        """Score and measure.

        Raises:
            InputError: as ``estimate``.
            OverBudgetError: a form is longer than the model's context.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        request.check()
        items = request.items()
        widest = max(len(each.options) for each in items)
        rows: dict[str, list[np.ndarray]] = {}
        total = len(request.forms) + bool(request.letters)
        for place in range(total):
            begun = time.perf_counter()

            def layers(done: Progress, place: int = place) -> None:
                part = int(100 * (place + done.done / max(done.total, 1)))
                report(Progress(part, 100 * total, f"Form {place + 1} of {total}"))

            if place < len(request.forms):
                pairs = _pairs(model, request.forms[place], items)
                scores = _as_table(score_behind(model, pairs, layers), items, widest)
                tokens = sum(len(context) + len(option) for context, option in pairs)
                right = [0] * len(items)
            else:
                contexts, letters = _by_letters(model, request, items)
                found = next_behind(model, contexts, letters[:widest], layers)
                own = [row[: len(item.options)] for row, item in zip(found, items, strict=True)]
                scores = _as_table(np.concatenate(own), items, widest)
                tokens = sum(map(len, contexts))
                right = _right(items)
            cost = (tokens / len(items), (time.perf_counter() - begun) / len(items))
            for name, each in measured(scores, torch.tensor(right), cost).items():
                rows.setdefault(name, []).append(each)
        arrays: dict[str, Any] = {name: np.stack(each) for name, each in rows.items()}
        return ReliabilityRun(
            **provenance(model),
            request=request,
            seconds=time.perf_counter() - started,
            **arrays,
        )


STUDIES.register(ReliabilityStudy.kind)(ReliabilityStudy())


def _forms(model: LanguageModel, request: ReliabilityRequest) -> list[list[Pair]]:
    return [_pairs(model, each, request.items()) for each in request.forms]


def _pairs(model: LanguageModel, form: str, items: list[Item]) -> list[Pair]:
    """Return the tokens of context and option, option after option of each item."""
    found = []
    for item in items:
        text = filled(form, item.subject)
        ids = context_ids(model, text)
        found += [(ids, behind(model, seam(text) + each)) for each in item.options]
    return found


def _right(items: list[Item]) -> list[int]:
    """Return where the right answer stands among the letters: each place in turn."""
    return [place % len(item.options) for place, item in enumerate(items)]


def _by_letters(
    model: LanguageModel, request: ReliabilityRequest, items: list[Item]
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the tokens of every question, and that of each letter.

    Raises:
        InputError: a letter is more than one token to this model.
    """
    letters = [behind(model, f" {each}") for each in LETTERS]
    if any(len(each) > 1 for each in letters):
        raise InputError(f"{model.facts.name} does not write letters as one token each.")
    right = _right(items)
    asked = [_lettered(request.letters, item, at) for item, at in zip(items, right, strict=True)]
    found = []
    for place in range(len(items)):
        # The first ones are examples of all others, so that what they share is read once.
        shots = range(SHOTS) if place >= SHOTS else range(SHOTS, 2 * SHOTS)
        before = "".join(f"{asked[each]} {LETTERS[right[each]]}\n\n" for each in shots)
        found.append(context_ids(model, before + asked[place]))
    return found, np.concatenate(letters)


def _lettered(form: str, item: Item, right: int) -> str:
    options = list(item.options[1:])
    options.insert(right, item.options[0])
    lines = [f"{letter}. {each}" for letter, each in zip(LETTERS, options, strict=False)]
    return "\n".join([f"Question: {filled(form, item.subject)}", *lines, "Answer:"])


def _as_table(found: np.ndarray, items: list[Item], widest: int) -> Tensor:
    """Return scores as float64 [I, O], −inf beyond the options of an item."""
    scores = torch.full((len(items), widest), -math.inf, dtype=torch.float64)
    place = 0
    for row, item in enumerate(items):
        count = len(item.options)
        scores[row, :count] = torch.from_numpy(found[place : place + count])
        place += count
    return scores


def measured(scores: Tensor, gold: Tensor, cost: tuple[float, float]) -> dict[str, np.ndarray]:
    """Return the arrays of one form.

    Args:
        scores: float64 [I, O]; −inf is no option.
        gold: int64 [I], the right option.
        cost: tokens and seconds an item.
    """
    probs = tempered(scores, 1.0)
    top = probs.topk(2, -1).values
    confidence, margin = top[:, 0], top[:, 0] - top[:, 1]
    entropy = torch.special.entr(probs).sum(-1)
    correct = (probs.argmax(-1) == gold).double()
    value, low, high = _metrics(scores, gold, cost)
    found: dict[str, Any] = {
        "scores": scores.where(scores.isfinite(), torch.nan),
        "right": probs.gather(-1, gold[:, None])[:, 0],
        "confidence": confidence,
        "margin": margin,
        "correct": correct,
        "entropy": entropy,
        "value": value,
        "low": low,
        "high": high,
        "risk": torch.stack([risks(each, correct) for each in (-confidence, entropy, -margin)]),
        **_by_temperature(scores, gold),
    }
    plain = {name: each.numpy().astype(np.float32) for name, each in found.items()}
    return plain | {"chosen": probs.argmax(-1).numpy().astype(np.int32)}


def _by_temperature(scores: Tensor, gold: Tensor) -> dict[str, Tensor]:
    rows: dict[str, list[Any]] = {}
    for each in TEMPERATURES:
        probs = tempered(scores, each)
        confidence, correct = probs.amax(-1), (probs.argmax(-1) == gold).double()
        mass = equal_mass(confidence, correct, 10)
        binned = [mass, *(equal_width(confidence, correct, bins) for bins in (10, MOST_BINS))]
        ends = [wilson(each.accuracy, each.size) for each in binned]
        found = {
            "bin_low": _padded([low for low, _ in ends], torch.nan),
            "bin_high": _padded([high for _, high in ends], torch.nan),
            "bin_confidence": _padded([each.confidence for each in binned], torch.nan),
            "bin_accuracy": _padded([each.accuracy for each in binned], torch.nan),
            "bin_size": _padded([each.size for each in binned], 0.0),
            "tempered_loss": item_losses(probs, gold).mean(),
            "tempered_entropy": torch.special.entr(probs).sum(-1).mean(),
            "tempered_error": mass.error(),
        }
        for name, values in found.items():
            rows.setdefault(name, []).append(values)
    return {name: torch.stack(each) for name, each in rows.items()}


def _padded(rows: list[Tensor], fill: float) -> Tensor:
    short = [torch.nn.functional.pad(each, (0, MOST_BINS - len(each)), value=fill) for each in rows]
    return torch.stack(short)


def _metrics(
    scores: Tensor, gold: Tensor, cost: tuple[float, float]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the metrics [V] of all items, and the ends of their intervals."""
    count = len(scores)
    whole = _all_but_cost(scores, gold, torch.arange(count)[None])
    drawn = torch.cat(
        [_all_but_cost(scores, gold, each) for each in resamples(count, TIMES).split(PART)]
    )
    value = torch.cat([whole[0], torch.tensor(cost, dtype=torch.float64)])
    ends = [middle_95(each) for each in drawn.T] + [(math.nan, math.nan)] * 2
    least, most = wilson(value[0], count)
    ends[0] = float(least), float(most)
    low, high = torch.tensor(ends, dtype=torch.float64).T
    return value, low, high


def _all_but_cost(scores: Tensor, gold: Tensor, rows: Tensor) -> Tensor:
    """Return the metrics of several draws of items, [R, V − 2]; ``rows`` are [R, n]."""
    probs = tempered(scores, 1.0)
    confidence, correct = probs.amax(-1)[rows], (probs.argmax(-1) == gold).double()[rows]
    risk = risks(-confidence, correct)
    entropy = torch.special.entr(probs).sum(-1)[rows]
    heat, error = _fitted(scores, gold, rows)
    return torch.stack(
        [
            correct.mean(-1),
            confidence.mean(-1),
            equal_mass(confidence, correct, 10).error(),
            equal_width(confidence, correct, 15).error(),
            equal_mass(confidence, correct, 1).error(),
            binary_brier(confidence, correct),
            item_losses(probs, gold)[rows].mean(-1),
            area(risk),
            excess_area(risk),
            1 - area(risk),
            selective_accuracy(risk, 0.1),
            error_auroc(entropy, correct),
            heat,
            error,
        ],
        -1,
    )


def _fitted(scores: Tensor, gold: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return the best temperature of each draw, and the error that one leaves on the other half.

    For the error it is fitted on every second item only; NaN where they are too few for halves.
    """
    losses = torch.stack([item_losses(tempered(scores, each), gold) for each in GRID])
    heat = GRID[losses[:, rows].mean(-1).argmin(0)]
    if rows.shape[-1] < HALVES:
        return heat, torch.full_like(heat, torch.nan)
    half, rest = rows[:, ::2], rows[:, 1::2]
    own = GRID[losses[:, half].mean(-1).argmin(0)]
    probs = torch.softmax(scores[rest] / own[:, None, None], -1)
    correct = (probs.argmax(-1) == gold[rest]).double()
    return heat, equal_mass(probs.amax(-1), correct, 10).error()
