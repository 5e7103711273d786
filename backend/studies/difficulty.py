"""The difficulty study: questions answered in three ways, labelled, and a probe fitted in folds."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..decoding.endings import end_ids
from ..errors import OverBudgetError
from ..measures.difficulty import (
    STRATEGIES,
    Strategy,
    fit_probe,
    labelled,
    middle_drop,
    policies,
    trace_entropy,
)
from ..measures.distribution import entropy, with_64_bits
from ..models.memory import study_memory
from ..reading.continuations import behind, context_ids
from ..reading.footprint import forward_bytes
from ..runs.difficulty import SHARES, DifficultyRequest, DifficultyRun
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models import LanguageModel
    from ..models.past import Past

_SHORT = """\
Q: What is the opposite of up?
A: The answer is down.

Q: What is the capital of Italy?
A: The answer is Rome.

Q: What is 3 + 4?
A: The answer is 7.

"""
_LONG = """\
Q: What is the opposite of up?
A: Up means towards the sky, and its opposite is towards the ground. The answer is down.

Q: What is the capital of Italy?
A: Italy is a country in Europe, and its government sits in its largest city. The answer is Rome.

Q: What is 3 + 4?
A: Three and four more: 4, 5, 6, 7. The answer is 7.

"""
EXAMPLES = {"Easy": _SHORT, "Normal": _LONG, "Hard": _LONG}
"""What stands before a question; the paper's own prompts are not known."""

FOLDS, DRAWS = 5, 1_000
MIDDLE = torch.tensor([0.025, 0.975], dtype=torch.float64)
_SAID = re.compile(r"answer is[:\s]*(.*)", re.IGNORECASE | re.DOTALL)


@dataclass
class Answer:
    """Tokens of an answer so far, and the entropy that each was drawn at."""

    ids: list[int] = field(default_factory=list)
    entropies: list[float] = field(default_factory=list)


class DifficultyStudy:
    """Answers in batches of questions that have equally many tokens."""

    kind = "difficulty"

    def estimate(self, model: LanguageModel, request: DifficultyRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: a question is none, or a number is out of range.
            OverBudgetError: a question and its answer are longer than the model reads.
        """
        items, facts = request.items(), model.facts
        head = len(context_ids(model, _LONG))
        lengths = [len(_question(model, each.question)) for each in items]
        longest = head + max(lengths) + request.longest
        if facts.context is not None and longest > facts.context:
            raise OverBudgetError(
                f"Question and answer have {longest:,} tokens; {facts.name} reads "
                f"{facts.context:,}."
            )
        rows = max(lengths.count(each) for each in lengths) * request.samples
        held = 4 * facts.kv_width * facts.layers * rows * longest * model.dtype.itemsize
        reading = forward_bytes(model, rows * max(lengths), longest)
        tokens = sum(each.share for each in STRATEGIES.values()) * request.longest
        work = (3 * sum(lengths) + tokens * len(items) * request.samples) * facts.parameters
        return Estimate(held + reading + 40 * rows * facts.vocab_size, float(work))

    def run(
        self, model: LanguageModel, request: DifficultyRequest, report: Report
    ) -> DifficultyRun:
        """Answer, label and fit.

        Raises:
            InputError, OverBudgetError: as ``estimate``.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        self.estimate(model, request)
        items = request.items()
        with study_memory("Answering", model.facts.device):
            tries, states = all_tries(model, request, report)
        texts = [
            [[model.tokenizer.decode(each.ids).strip() for each in row] for row in rows]
            for rows in tries
        ]
        right = torch.tensor([
            [[float(is_right(text, item.answers)) for text in row]
             for row, item in zip(rows, items, strict=True)]
            for rows in texts
        ])  # fmt: skip
        spent = _of_all(tries, lambda each: float(trace_entropy(torch.tensor(each.entropies))))
        tokens = _of_all(tries, lambda each: float(len(each.ids)))
        # Labels are of the strategy that every question would have without a choice.
        accuracy, unsure = right[1].mean(-1), spent[1].mean(-1)
        betas = torch.quantile(unsure, torch.tensor(SHARES).double())
        labels = [
            labelled(accuracy, unsure, request.alpha, beta, request.gamma)
            for beta in betas.tolist()
        ]
        chances, reached = [], []
        for place, label in enumerate(labels):
            report(Progress(place, len(labels), "Fitting the probe"))
            chances.append(out_of_fold(states, label))
            chosen = chances[-1].argmax(-1)
            reached.append(_with_interval(policies(right.mean(-1), tokens.mean(-1), chosen, label)))
        own, low, high, used = (
            torch.stack(each).float().numpy() for each in zip(*reached, strict=True)
        )
        return DifficultyRun(
            **provenance(model),
            request=request,
            entropy=spent.float().numpy(),
            tokens=tokens.float().numpy(),
            right=right.numpy(),
            beta=betas.float().numpy(),
            label=torch.stack(labels).int().numpy(),
            probability=torch.stack(chances).float().numpy(),
            reached=own,
            low=low,
            high=high,
            spent=used,
            drop=np.array(drop_between(unsure, [each.level for each in items]), np.float32),
            texts=texts,
            seconds=time.perf_counter() - started,
        )


STUDIES.register(DifficultyStudy.kind)(DifficultyStudy())


def is_right(text: str, answers: tuple[str, ...]) -> bool:
    """Tell whether what stands behind "answer is" begins with a right answer, as whole words."""
    found = _SAID.search(text)
    said = re.sub(r"^(the|an|a)\s+", "", found[1].strip().casefold()) if found else ""
    return any(re.match(rf"{re.escape(each.casefold())}(?!\w)", said) for each in answers)


def out_of_fold(states: Tensor, labels: Tensor) -> Tensor:
    """Return the probability of each label, [Q, 3], by probes that never saw the question.

    States, [Q, D], are centred and scaled by those that the fit sees.
    """
    fold = torch.arange(len(labels)) % FOLDS
    found = torch.zeros(len(labels), len(STRATEGIES), dtype=states.dtype)
    for each in range(FOLDS):
        own, other = fold == each, fold != each
        mean, scale = states[other].mean(0), states[other].std(0).clamp_min(1e-6)
        probe = fit_probe((states[other] - mean) / scale, labels[other])
        found[own] = probe((states[own] - mean) / scale)
    return found


def drop_between(unsure: Tensor, levels: list[int]) -> tuple[float, float, float]:
    """Return ``middle_drop`` of the levels' means, and 95 % of what resampled questions give.

    Questions are resampled within their level, and the lowest level is sought each time again.
    """
    groups = [unsure[torch.tensor(levels) == each].double() for each in sorted(set(levels))]
    value = middle_drop(torch.stack([each.mean() for each in groups]))
    draw = torch.Generator().manual_seed(0)
    drawn = [
        each[torch.randint(len(each), (DRAWS, len(each)), generator=draw)].mean(-1)
        for each in groups
    ]
    several = torch.tensor([middle_drop(each) for each in torch.stack(drawn, -1)]).double()
    low, high = torch.quantile(several, MIDDLE).tolist()
    return value, low, high


def _with_interval(values: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return accuracy, both ends of its 95 % interval, and tokens, [Y] each, from [Y, Q]."""
    right, tokens = values
    draw = torch.Generator().manual_seed(0)
    drawn = torch.randint(right.shape[1], (DRAWS, right.shape[1]), generator=draw)
    low, high = torch.quantile(right[:, drawn].mean(-1), MIDDLE, dim=1)
    return right.mean(-1), low, high, tokens.mean(-1)


def _of_all(tries: list[list[list[Answer]]], value: Callable[[Answer], float]) -> Tensor:
    return torch.tensor(
        [[[value(each) for each in row] for row in rows] for rows in tries], dtype=torch.float64
    )


def _question(model: LanguageModel, question: str) -> np.ndarray:
    return behind(model, f"Q: {question}\nA:")


def all_tries(
    model: LanguageModel, request: DifficultyRequest, report: Report
) -> tuple[list[list[list[Answer]]], Tensor]:
    """Return the answers [Z][Q][X], and the last states of all questions under Normal, [Q, D]."""
    questions = [
        torch.from_numpy(_question(model, each.question)).long() for each in request.items()
    ]
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for place, question in enumerate(questions):
        groups[len(question)].append(place)
    found = [[[Answer() for _ in range(request.samples)] for _ in questions] for _ in STRATEGIES]
    states = torch.zeros(len(questions), model.facts.hidden_size)
    total, done = len(questions) * len(STRATEGIES), 0

    def step() -> None:
        report(Progress(done, total, f"{done} of {total} answered, now by the strategy {name}"))

    for (name, strategy), answers in zip(STRATEGIES.items(), found, strict=True):
        past = model.new_past()
        head = torch.from_numpy(context_ids(model, EXAMPLES[name])).long()
        model.hidden_states(head[None], past=past)
        for places in groups.values():
            step()
            with past.branched(torch.zeros(len(places), dtype=torch.long)):
                ids = torch.stack([questions[each] for each in places])
                hidden = model.hidden_states(ids, past=past)[:, -1]
                if name == "Normal":
                    states[places] = hidden.float().cpu()
                copies = torch.arange(len(places)).repeat_interleave(request.samples)
                past.select(copies)
                rows = [(place, at) for place in places for at in range(request.samples)]
                _decode(
                    model, past, hidden[copies.to(hidden.device)], strategy, request,
                    [answers[place][at] for place, at in rows],
                    [_luck(request.seed, place, at) for place, at in rows],
                    step,
                )  # fmt: skip
            done += len(places)
    return found, states


def _luck(seed: int, place: int, sample: int) -> torch.Generator:
    """Return the luck of one answer: the same under every strategy and in every batch."""
    return torch.Generator().manual_seed(1_000 * (seed + 1_000 * place) + sample)


def _decode(
    model: LanguageModel,
    past: Past,
    hidden: Tensor,
    strategy: Strategy,
    request: DifficultyRequest,
    answers: list[Answer],
    luck: list[torch.Generator],
    step: Callable[[], None],
) -> None:
    """Draw all ``answers`` side by side until each has ended or is cut off."""
    ends, alive = end_ids(model), list(range(len(answers)))
    for left in reversed(range(max(1, round(strategy.share * request.longest)))):
        step()
        logits = with_64_bits(model.unembed(hidden).float()).cpu()
        chance = torch.stack([torch.rand((), generator=luck[each]).double() for each in alive])
        chosen, spent = drawn(logits, strategy.temperature, chance), entropy(logits)
        for row, token, unsure in zip(alive, chosen.tolist(), spent.tolist(), strict=True):
            answers[row].ids.append(token)
            answers[row].entropies.append(unsure)
        going = [
            at for at, token in enumerate(chosen.tolist())
            if token not in ends and "\n" not in model.tokenizer.token_text(token)
        ]  # fmt: skip
        if not going or not left:
            return
        if len(going) < len(alive):
            past.select(torch.tensor(going))
            alive = [alive[each] for each in going]
        hidden = model.hidden_states(chosen[going][:, None], past=past)[:, -1]


def drawn(logits: Tensor, temperature: float, chance: Tensor) -> Tensor:
    """Return where each row's distribution function passes its chance of [0, 1), int64 [R]."""
    rising = torch.softmax(logits.double() / temperature, -1).cumsum(-1)
    found = torch.searchsorted(rising, (chance * rising[:, -1])[:, None], right=True)
    return found[:, 0].clamp_max(logits.shape[-1] - 1)
