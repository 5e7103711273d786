"""The questions study: every question asked of every name once, then games by two rules."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError
from ..measures.pursuit import (
    beliefs,
    coded_threshold,
    entropy_bound,
    expected_after,
    in_set,
    printed_threshold,
    threshold,
)
from ..reading.batches import batch_bytes
from ..runs.questions import LEVELS, RULES, QuestionsRequest, QuestionsRun, Traits, read_traits
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models import LanguageModel

HEAD = "Answer every question with yes or no.\n\n"
ROWS = 32
"""Read at a time."""
TESTED = 400
"""New histories of each number of answers, on which the coverage is measured."""


class QuestionsStudy:
    """Reads names × questions short texts; everything after it is arithmetic on the answers."""

    kind = "questions"

    def estimate(self, model: LanguageModel, request: QuestionsRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: the list is none, the secret is not in it, or α is no share below 1/2.
        """
        traits = _checked(request)
        words = max(len(each) for each in (*traits.names, *traits.questions)) + 30
        tokens = min(words, sum(len(each) for each in traits.questions) // 2)
        return Estimate(
            batch_bytes(model, ROWS * words),
            float(traits.truth.size) * tokens / 2 * model.facts.parameters,
        )

    def run(self, model: LanguageModel, request: QuestionsRequest, report: Report) -> QuestionsRun:
        """Ask.

        Raises:
            InputError: as ``estimate``; or the tokenizer begins yes and no alike.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        traits = _checked(request)
        logits = _logits(model, traits, report)
        if request.standardised:
            logits = _standardised(logits)
        game = _Game(logits, torch.from_numpy(traits.truth).bool(), request)
        numbers: dict[str, Any] = _measured(game, request) | _played(game, traits, request)
        return QuestionsRun(
            **provenance(model),
            request=request,
            names=traits.names,
            questions=traits.questions,
            truth=traits.truth,
            yes=_float32(logits.sigmoid()),
            **numbers,
            seconds=time.perf_counter() - started,
        )


STUDIES.register(QuestionsStudy.kind)(QuestionsStudy())


def _checked(request: QuestionsRequest) -> Traits:
    traits = read_traits(request.table)
    if request.secret and request.secret not in traits.names:
        raise InputError(
            f"{request.secret[:40]!r} is not in the list; left empty, it is the first name."
        )
    if not 0 < request.alpha < 0.5:
        raise InputError(f"α is {request.alpha:g}; it lies between 0 and 1/2.")
    if not 1 <= request.rounds <= 20 or not 10 <= request.histories <= 1000:
        raise InputError("A game has 1 to 20 questions, a calibration 10 to 1,000 histories.")
    return traits


def _logits(model: LanguageModel, traits: Traits, report: Report) -> Tensor:
    """Return ln p(yes) − ln p(no) for each name and question, float64 [Y, Q].

    The head is read once; the rest stands side by side, padded on the right, which nothing sees.
    """
    yes, no = _told_apart(model, "yes", "no")
    noun = traits.noun[:1].upper() + traits.noun[1:]
    texts = [
        f"{noun}: {name}\n{question}" for name in traits.names for question in traits.questions
    ]
    head, found = _ids(model, HEAD), []
    for start in range(0, len(texts), ROWS):
        report(Progress(start, len(texts), f"Asking: {start} of {len(texts)} answers"))
        read = [_ids(model, each) for each in texts[start : start + ROWS]]
        width = max(map(len, read))
        ids = torch.stack([torch.nn.functional.pad(each, (0, width - len(each))) for each in read])
        past = model.new_past()
        model.hidden_states(head[None], past=past)
        past.select(torch.zeros(len(read), dtype=torch.long))
        hidden = model.hidden_states(ids, past=past)
        last = hidden[torch.arange(len(read)), torch.tensor([len(each) - 1 for each in read])]
        logits = model.unembed(last).cpu().double()
        found.append(logits[:, yes].logsumexp(1) - logits[:, no].logsumexp(1))
    return torch.cat(found).view(len(traits.names), len(traits.questions))


def _standardised(logits: Tensor) -> Tensor:
    """Take out what lies with a question or a name alone; give what is left one spread."""
    rows, columns = logits.mean(1, keepdim=True), logits.mean(0, keepdim=True)
    left = logits - rows - columns + logits.mean()
    return left / left.std().clamp(min=1e-6)


def _ids(model: LanguageModel, text: str) -> Tensor:
    return torch.from_numpy(model.tokenizer.encode(text).ids).long()


def _told_apart(model: LanguageModel, *words: str) -> list[list[int]]:
    """Return the tokens that the forms of each word begin with, and those of no other.

    Raises:
        InputError: a word has none.
    """
    forms = [
        [f"{blank}{form}" for blank in (" ", "") for form in (word, word.title())] for word in words
    ]
    first = [{int(_ids(model, each)[0]) for each in own} for own in forms]
    shared = set.intersection(*first)  # such as a blank of its own
    if not all(each - shared for each in first):
        raise InputError(f"{model.facts.name} begins {' and '.join(words)} with one token.")
    return [sorted(each - shared) for each in first]


@dataclass(frozen=True)
class _Histories:
    """Beliefs float64 [J, N, Y] after random questions, and the right names [N]."""

    beliefs: Tensor
    names: Tensor

    @property
    def right(self) -> Tensor:
        """Belief in the right names, [J, N]."""
        names = self.names.expand(len(self.beliefs), -1)
        return self.beliefs.gather(-1, names[..., None])[..., 0]


class _Game:
    """What the model answers, what is true, and the thresholds."""

    def __init__(self, logits: Tensor, truth: Tensor, request: QuestionsRequest) -> None:
        log = torch.nn.functional.logsigmoid
        self.yes, self.no, self.truth = log(logits), log(-logits), truth
        self.rounds = min(request.rounds, truth.shape[1])
        chance = torch.Generator().manual_seed(request.seed)
        self.calibration = self._random(request.histories, chance)
        self.tested = self._random(TESTED, chance)
        self.tau = threshold(self.calibration.right, request.alpha)

    def _random(self, count: int, chance: torch.Generator) -> _Histories:
        labels, questions = self.truth.shape
        names = torch.randint(labels, (count,), generator=chance)
        order = torch.rand(count, questions, generator=chance).argsort(1)
        answers = self.truth[names].gather(1, order)
        found = [
            beliefs(self.yes, self.no, order[:, :asked], answers[:, :asked])
            for asked in range(self.rounds + 1)
        ]
        return _Histories(torch.stack(found), names)

    def play(self, secret: int, rule: int) -> list[dict[str, Any]]:
        """Return the states of a game: belief, what each question would leave, and the next one."""
        asked: list[int] = []
        states = []
        for state in range(self.rounds + 1):
            done = torch.tensor(asked, dtype=torch.long)
            belief = beliefs(self.yes, self.no, done, self.truth[secret, done])
            found: dict[str, Any] = {"belief": belief, "place": -1, "answer": -1}
            left = [torch.full((self.truth.shape[1],), torch.nan).double()] * 2
            if state < self.rounds:
                left = list(expected_after(self.yes, self.no, belief, self.tau[state + 1]))
                for each in left:
                    each[done] = torch.nan
                # Equal sizes are told apart by the entropy, and the other way round.
                size, entropy = (each.nan_to_num(torch.inf) for each in left)
                order = size + 1e-6 * entropy if rule == 0 else entropy + 1e-9 * size
                place = int(order.argmin())
                found |= {"place": place, "answer": int(self.truth[secret, place])}
                asked.append(place)
            states.append({**found, "size": left[0], "entropy": left[1]})
        return states


def _measured(game: _Game, request: QuestionsRequest) -> dict[str, np.ndarray]:
    """Return thresholds by three rules, and what they cover of the new histories."""
    labels = len(game.truth)
    rules = {"tau": threshold, "coded": coded_threshold, "printed": printed_threshold}
    levels = sorted({*LEVELS, request.alpha})
    right, new = game.calibration.right, game.tested
    found = {
        name: torch.stack([rule(right, each) for each in levels]) for name, rule in rules.items()
    }
    covered = {
        name: torch.stack([(new.right >= tau[:, None]).double().mean(1) for tau in taus])
        for name, taus in found.items()
    }
    size = torch.stack(
        [
            in_set(new.beliefs, tau[:, None].expand(new.right.shape)).sum(-1).double().mean(1)
            for tau in found["tau"]
        ]
    )
    bound = [
        [entropy_bound(each, alpha, labels, right.shape[1]) for each in row]
        for alpha, row in zip(levels, size.tolist(), strict=True)
    ]
    entropy = torch.special.entr(new.beliefs).sum(-1).mean(1)
    arrays = {
        **found,
        "covered": covered["tau"],
        "covered_coded": covered["coded"],
        "covered_printed": covered["printed"],
        "size": size,
        "entropy": entropy,
        "bound": torch.tensor(bound),
        "calibration": right,
        "tested": new.right,
    }
    return {name: _float32(each) for name, each in arrays.items()}


def _played(game: _Game, traits: Traits, request: QuestionsRequest) -> dict[str, np.ndarray]:
    """Return the game of the secret by both rules, and how often games find their name."""
    secret = traits.names.index(request.secret) if request.secret else 0
    every = [
        [game.play(name, rule) for name in range(len(traits.names))] for rule in range(len(RULES))
    ]
    own = [games[secret] for games in every]
    belief = torch.stack([torch.stack([each["belief"] for each in states]) for states in own])
    best = torch.tensor(
        [[[int(each["belief"].argmax()) for each in states] for states in games] for games in every]
    )
    right = torch.arange(len(traits.names))[None, :, None]
    inside = in_set(belief, game.tau.expand(belief.shape[:-1]))
    return {
        "place": np.array([[each["place"] for each in states] for states in own], np.int32),
        "answer": np.array([[each["answer"] for each in states] for states in own], np.int32),
        "belief": _float32(belief),
        "inside": inside.numpy(),
        "left": _float32(inside.sum(-1)),
        "undecided": _float32(torch.special.entr(belief).sum(-1)),
        "expected_size": _stacked(own, "size"),
        "expected_entropy": _stacked(own, "entropy"),
        "found": _float32((best == right).double().mean(1)),
    }


def _stacked(own: list[list[dict[str, Any]]], name: str) -> np.ndarray:
    return _float32(torch.stack([torch.stack([each[name] for each in states]) for states in own]))


def _float32(values: Tensor) -> np.ndarray:
    return values.numpy().astype(np.float32)
