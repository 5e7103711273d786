"""What a hole holds, as more and more of its right side may be seen; made from stored runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.holes import LOG_NATIVE, SOURCE, WHOLE, HolesRun
from ..runs.token_numbers import ENTROPY
from .base import derived, once

SHARE = Quantity(
    "Share by both sides", "w", "%", digits=1, help="Share of a word among those listed.",
    formula=r"w_x=\frac{e^{a_x+b_x}}{\sum_y e^{a_y+b_y}}", source=SOURCE,
)  # fmt: skip
BEFORE = replace(
    SHARE, name="Share by the left side", formula=r"e^{a_x}/\sum_ye^{a_y}",
    help="Share of a word among those listed, before anything of the right side is seen.",
)  # fmt: skip
LEAST = replace(
    SHARE, name="At least", formula=r"w_x\cdot\mathrm{cov}",
    help="Of all words there are; if none that is not listed explains the right side better.",
)  # fmt: skip
NATIVE = replace(
    LOG_NATIVE, name="By infilling", symbol="", unit="%", low=0, high=1, digits=1,
    formula=r"p(x\mid L,R)/\sum_yp(y\mid L,R)",
)  # fmt: skip
UNSURE = replace(
    ENTROPY, name="Entropy of the hole", high=4, pieces=None, plain="how open the hole is",
    help="Of the shares of all words listed.", formula=r"-\sum_xw_x\ln w_x", source=SOURCE,
)  # fmt: skip
TOLD = replace(
    UNSURE, name="Told by the right side", symbol="KL", high=8, plain="what the right side tells",
    help="How far it moves the shares: never below 0, while the entropy may rise.",
    formula=r"\sum_xw_x\ln\frac{w_x}{w^{L}_x}",
)  # fmt: skip
COVERED = replace(
    SHARE, name="Covered, at least", symbol="cov",
    help="Share of all words there are that the listed ones have, if none that is not listed "
    "explains the right side better than the best of them.",
    formula=r"\frac{1}{1+(1-\sum_xe^{a_x})\,e^{b_{max}-A}},\ A=\ln\sum_xe^{a_x+b_x}",
)  # fmt: skip


@once
def right(run: HolesRun) -> np.ndarray:
    """Return log p of the first tokens of the right side, float64 [Q + 1, X]; 0 of none."""
    summed = -np.cumsum(run.surprisal.astype(np.float64), 1).T
    return np.concatenate([np.zeros((1, len(run.log_prior))), summed])


@once
def shares(run: HolesRun) -> np.ndarray:
    """Return the shares of all words with so many tokens of the right side, float64 [Q + 1, X]."""
    return _normalised(run.log_prior + right(run))


def _normalised(logs: np.ndarray) -> np.ndarray:
    weights = np.exp(logs - logs.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


@once
def unsure(run: HolesRun) -> np.ndarray:
    """Return the entropy of these shares, float64 [Q + 1], nats."""
    found = shares(run)
    return -(found * np.log(np.where(found > 0, found, 1))).sum(1)


@once
def told(run: HolesRun) -> np.ndarray:
    """Return what as much of the right side tells, float64 [Q + 1], nats."""
    found = shares(run)
    ratio = np.log(np.where(found > 0, found, 1)) - np.log(np.where(found > 0, found[0], 1))
    return (found * ratio).sum(1).clip(0)


@once
def covered(run: HolesRun) -> np.ndarray:
    """Return the least that is covered, float64 [Q + 1]; see ``COVERED`` for the condition."""
    after, prior = right(run), run.log_prior.astype(np.float64)
    joint = np.logaddexp.reduce(prior + after, axis=1)
    left_out = max(0.0, 1 - float(np.exp(prior).sum()))
    return 1 / (1 + left_out * np.exp(after.max(1) - joint))


@derived("holes", "before", "X", quantity=BEFORE)
def before(run: HolesRun) -> np.ndarray:
    """Return the shares by the left side alone, [X]."""
    return shares(run)[0]


@derived("holes", "after", "X", quantity=SHARE)
def after(run: HolesRun) -> np.ndarray:
    """Return the shares by both sides, [X]."""
    return shares(run)[-1]


@derived("holes", "least", "X", quantity=LEAST)
def least(run: HolesRun) -> np.ndarray:
    """Return what each share is at least, [X]."""
    return shares(run)[-1] * covered(run)[-1]


@derived("holes", "filled", "X", quantity=NATIVE)
def filled(run: HolesRun) -> np.ndarray:
    """Return the shares as the model infills by itself, [X]; NaN where it cannot."""
    if run.log_native is None:
        return np.full(len(run.log_prior), np.nan)
    return _normalised(run.log_native.astype(np.float64))


@derived("holes", "entropy_before", quantity=replace(UNSURE, name="Left side only"))
def entropy_before(run: HolesRun) -> float:
    """Return the entropy of the hole by its left side, nats."""
    return float(unsure(run)[0])


@derived("holes", "entropy_after", quantity=replace(UNSURE, name="Both sides"))
def entropy_after(run: HolesRun) -> float:
    """Return the entropy of the hole by both sides, nats."""
    return float(unsure(run)[-1])


@derived("holes", "told_by_right", quantity=TOLD)
def told_by_right(run: HolesRun) -> float:
    """Return what the right side tells about the hole, nats."""
    return float(told(run)[-1])


@derived("holes", "least_covered", quantity=COVERED)
def least_covered(run: HolesRun) -> float:
    """Return the least that is covered."""
    return float(covered(run)[-1])


@derived("holes", "whole", quantity=WHOLE)
def whole(run: HolesRun) -> float:
    """Return the entropy over the whole vocabulary behind the left side, nats."""
    return run.whole_entropy
