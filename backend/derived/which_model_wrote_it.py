"""Figures of authorship: how strong the evidence against a hypothesis ever was, and z."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..runs.which_model_wrote_it import CROSS, EVIDENCE, EXPECTED, OF_TOKEN, WhichModelWroteItRun
from .base import derived
from .series import GAP, GAP_Z

_KIND = "which_model_wrote_it"

GAP_OF_TOKEN = replace(GAP, missing="the text has ended", pieces=None, plain="")
PEAK = replace(
    EVIDENCE, name="Evidence at its peak", formula=r"\max_n\,\ln E_n",
    help="The most evidence there ever was against the hypothesis; at ln 20 = 3 nats it is "
    "rejected at 5 %, wherever that was.",
)  # fmt: skip
RATIO = replace(
    EVIDENCE, name="Evidence for the other model", symbol="ln L",
    help="Log of how much likelier the text is from the other model, drawn in the same way: an "
    "e-value too, for its mean is 1 if the hypothesis holds.",
    formula=r"\ln\prod_t\frac{q_t(x_t)}{p_t(x_t)}",
    source="Likelihood ratio: Neyman and Pearson 1933; as a martingale, Ville 1939.",
)  # fmt: skip
THIS = replace(
    PEAK, name="Against this model", missing="no text to test",
    help="Evidence that this model did not write the text to test at temperature 1; from 3 nats "
    "on it is rejected at 5 %.",
)  # fmt: skip
OTHER = replace(
    THIS, name="Against the other",
    help="Evidence that the other model did not write the text to test at temperature 1.",
)  # fmt: skip
MEAN_OF = replace(OF_TOKEN, name="Mean surprisal", formula=r"\frac1n\sum_t a_t", high=7)
MEAN_EXPECTED = replace(EXPECTED, name="Mean entropy", formula=r"\frac1n\sum_t h_t")
MEAN_CROSS = replace(
    CROSS, name="Mean cross-entropy", formula=r"-\frac1n\sum_t\sum_v q_t(v)\ln p_t(v)"
)


@derived(_KIND, "gap", "W", "Q", "N", quantity=GAP_OF_TOKEN)
def gap(run: WhichModelWroteItRun) -> np.ndarray:
    """Return surprisal − entropy, float32 [W, Q, N], nats."""
    return run.surprisal - run.entropy


@derived(_KIND, "ratio", "W", "Q", "N", quantity=RATIO)
def ratio(run: WhichModelWroteItRun) -> np.ndarray:
    """Return the log of the likelihood ratio against each hypothesis, float64 [W, Q, N], nats."""
    half = run.surprisal.shape[1] // 2
    with np.errstate(invalid="ignore"):  # a token that neither could write
        steps = run.surprisal - np.roll(run.surprisal, half, axis=1)
        return steps.cumsum(-1, dtype=np.float64)


@derived(_KIND, "peak", "W", "Q", quantity=PEAK)
def peak(run: WhichModelWroteItRun) -> np.ndarray:
    """Return the most evidence there ever was, float32 [W, Q], nats; NaN without a token."""
    known = ~np.isnan(run.log_e)
    most = np.where(known, run.log_e, -np.inf).max(-1, initial=-np.inf)
    return np.where(known.any(-1), most, np.nan).astype(np.float32)


@derived(_KIND, "z", "W", "Q", quantity=replace(GAP_Z, name="z"))
def z(run: WhichModelWroteItRun) -> np.ndarray:
    """Return Σ(a − h) over √ΣV, float32 [W, Q]: within ±2 for a text that was drawn so."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = _total(gap(run)) / np.sqrt(np.maximum(_total(run.varentropy), 0))
    return found.astype(np.float32)


@derived(_KIND, "mean_surprisal", "W", "Q", quantity=MEAN_OF)
def mean_surprisal(run: WhichModelWroteItRun) -> np.ndarray:
    """Return the mean over the tokens of a text, float32 [W, Q], nats."""
    return _mean(run.surprisal)


@derived(_KIND, "mean_entropy", "W", "Q", quantity=MEAN_EXPECTED)
def mean_entropy(run: WhichModelWroteItRun) -> np.ndarray:
    """Return the mean over the tokens of a text, float32 [W, Q], nats."""
    return _mean(run.entropy)


@derived(_KIND, "mean_cross", "W", "C", quantity=MEAN_CROSS)
def mean_cross(run: WhichModelWroteItRun) -> np.ndarray:
    """Return the mean over the tokens of a text, float32 [W, C], nats."""
    return _mean(run.cross)


@derived(_KIND, "against_this", quantity=THIS)
def against_this(run: WhichModelWroteItRun) -> float:
    """Return the evidence that the text to test is not this model's, nats; NaN without one."""
    return _of_given(run, 0)


@derived(_KIND, "against_other", quantity=OTHER)
def against_other(run: WhichModelWroteItRun) -> float:
    """Return the evidence that the text to test is not the other model's, nats; NaN without."""
    return _of_given(run, 3)


def _of_given(run: WhichModelWroteItRun, hypothesis: int) -> float:
    found = peak(run)
    there = found.shape[0] > 5 and found.shape[1] > hypothesis
    return float(found[5, hypothesis]) if there else float("nan")


def _total(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), 0, values).sum(-1, dtype=np.float64)


def _mean(values: np.ndarray) -> np.ndarray:
    count = (~np.isnan(values)).sum(-1)
    found = np.where(count > 0, _total(values) / np.maximum(count, 1), np.nan)
    return found.astype(np.float32)
