"""What a judge says of two answers when their order is taken out, and how diverse it is."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.judge import PLAIN, SOURCE, JudgeRun
from . import verdicts
from .base import derived

MEC = replace(
    PLAIN, name="After reasons (MEC)", missing="no reasons",
    help="Mean score of the first answer in the order it was given in, after reasons.",
    formula=r"\frac1k\sum_i s_{1,i}",
)  # fmt: skip
BPC = replace(
    PLAIN, name="Both orders (BPC)",
    help="Mean score of the first answer over both orders, at once.",
    formula=r"\tfrac12(s_{1}+s'_{1})",
)  # fmt: skip
BOTH = replace(
    PLAIN, name="MEC and BPC",
    help="Mean score of the first answer over all verdicts of both orders.",
    formula=r"\frac1{2k}\sum_i(s_{1,i}+s'_{1,i})",
)  # fmt: skip
BPDE = Quantity(
    "Diversity of verdicts (BPDE)", "H", high=1.1,
    help="Entropy of win, tie and lose over the verdicts of both orders: high ones go to people.",
    formula=r"-\sum_{v\in\{w,t,l\}}p_v\ln p_v", source=SOURCE,
)  # fmt: skip
CONFLICT = Quantity(
    "Conflict", "", "%", digits=0,
    help="Whether the verdict at once differs between the two orders.",
    formula=r"\hat v\ne\hat v'", source=SOURCE,
)  # fmt: skip
FIRST = Quantity(
    "First place wins", "", "%", digits=0,
    help="Verdicts for the answer that stands first, of all that are no tie.",
    formula=r"\#\{A\}/\#\{A,B\}", source=SOURCE, missing="only ties",
)  # fmt: skip


def outcomes(run: JudgeRun) -> np.ndarray:
    """Return who wins, int64 [V, W, Y]: 0 the first answer, 1 nobody, 2 the second."""
    by_place = run.verdict_logprobs.argmax(-1)  # A, B, tie
    as_given = np.array([verdicts.WIN, verdicts.LOSE, verdicts.TIE])
    swapped = np.array([verdicts.LOSE, verdicts.WIN, verdicts.TIE])
    return np.stack([as_given[by_place[:, 0]], swapped[by_place[:, 1]]], 1)


@derived("judge", "mec", "V", quantity=MEC)
def mec(run: JudgeRun) -> np.ndarray:
    """Return the score after reasons, in the given order, float32 [V]."""
    if run.score.shape[2] < 2:
        return np.full(len(run.score), np.nan, np.float32)
    return run.score[:, 0, 1:].mean(1)


@derived("judge", "bpc", "V", quantity=BPC)
def bpc(run: JudgeRun) -> np.ndarray:
    """Return the score at once over both orders, float32 [V]."""
    return run.score[:, :, 0].mean(1)


@derived("judge", "mec_bpc", "V", quantity=BOTH)
def mec_bpc(run: JudgeRun) -> np.ndarray:
    """Return the score over both orders and all verdicts, float32 [V]."""
    return run.score.mean((1, 2))


@derived("judge", "bpde", "V", quantity=BPDE)
def bpde(run: JudgeRun) -> np.ndarray:
    """Return the diversity of all verdicts, nats, float32 [V]."""
    return np.array([verdicts.bpde(each.ravel()) for each in outcomes(run)], np.float32)


@derived("judge", "conflict", "V", quantity=CONFLICT)
def conflict(run: JudgeRun) -> np.ndarray:
    """Return 1 where both orders disagree at once, float32 [V]."""
    found = outcomes(run)[:, :, 0]
    return (found[:, 0] != found[:, 1]).astype(np.float32)


@derived("judge", "conflict_rate", quantity=replace(CONFLICT, name="Conflict rate",
    help="Questions whose verdict differs between the two orders."))  # fmt: skip
def conflict_rate(run: JudgeRun) -> float:
    """Return the share of questions in conflict."""
    return float(conflict(run).mean())


@derived("judge", "first_place", quantity=FIRST)
def first_place(run: JudgeRun) -> float:
    """Return how often the place A wins of all verdicts that are no tie."""
    by_place = run.verdict_logprobs.argmax(-1)
    decided = int((by_place < 2).sum())
    return float((by_place == 0).sum() / decided) if decided else math.nan


@derived("judge", "mean_bpde", quantity=replace(BPDE, name="Mean BPDE",
    help="Diversity of verdicts, over all questions."))  # fmt: skip
def mean_bpde(run: JudgeRun) -> float:
    """Return the mean diversity, nats."""
    return float(bpde(run).mean(dtype=np.float64))


@derived("judge", "first_better", quantity=replace(BOTH, name="First answer, mean",
    help="Calibrated score of the first answers, over all questions."))  # fmt: skip
def first_better(run: JudgeRun) -> float:
    """Return the mean calibrated score of the first answers."""
    return float(mec_bpc(run).mean(dtype=np.float64))
