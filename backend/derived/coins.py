"""What streams of decisions say: how fair, how much they alternate, and how many runs they have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.coins import NEXT, CoinsRun
from .base import derived
from .binary import SOURCE, marginal_entropy, pairs, runs_test, switches

EXACT = replace(
    NEXT, name="Exact share of the first word",
    help="Right after the prompt, all forms of both words summed: no draw takes part.",
    formula=r"\sum_{w\in F_1}p(w)/\sum_{w\in F_1\cup F_0}p(w)",
)  # fmt: skip
FORM_SHARE = replace(
    NEXT, name="Share of a form",
    help="Of all forms of both words, right after the prompt.", formula=r"p(w)/\sum_{w'}p(w')",
)  # fmt: skip
SHARE = replace(
    NEXT, name="Share when fed back", help="Of the first word among decisions fed back.",
    formula=r"\frac1n\sum_t x_t", source=SOURCE,
)  # fmt: skip
ALTERNATION = replace(
    SHARE, name="Alternation", missing="one decision",
    help="Pairs of decisions that differ; a coin without memory has 2p(1 − p).",
    formula=r"\#\{t: x_t\ne x_{t+1}\}/(n-1)",
)  # fmt: skip
EXCESS = Quantity(
    "Negative recency", "", "%", low=-1, high=1, scale="diverging", digits=1,
    missing="one decision",
    help="Alternation beyond that of a coin with this share: above 0, decisions avoid the last.",
    formula=r"a-2p(1-p)", source=SOURCE,
)  # fmt: skip
RUNS_Z = Quantity(
    "Runs against chance", "z", "", low=-4, high=4, scale="diverging", missing="all are equal",
    help="How many standard deviations more runs there are than in a coin without memory.",
    formula=r"\frac{R-\mu_R}{\sigma_R},\ \mu_R=\frac{2n_0n_1}{n}+1", source=SOURCE,
)  # fmt: skip
TOLD = Quantity(
    "A decision tells of the next", "I", high=0.7,
    help="Mutual information of a decision and the one after it; 0 without memory.",
    formula=r"H(x_{t+1})-H(x_{t+1}\mid x_t)=G^2/2n", source=SOURCE,
)  # fmt: skip


def fed(run: CoinsRun) -> np.ndarray:
    """Return the decisions that were fed back, int64 [Q, I]."""
    return (run.fed_back > 0.5).astype(np.int64)


@derived("coins", "form_share", "F", quantity=FORM_SHARE)
def form_share(run: CoinsRun) -> np.ndarray:
    """Return the share of every form, float32 [F]."""
    p = np.exp(run.form_logprobs.astype(np.float64))
    return (p / p.sum()).astype(np.float32)


@derived("coins", "exact_share", quantity=EXACT)
def exact_share(run: CoinsRun) -> float:
    """Return the share of the forms of the first word."""
    return float(form_share(run)[run.words == 1].sum(dtype=np.float64))


@derived("coins", "fed_share", quantity=SHARE)
def fed_share(run: CoinsRun) -> float:
    """Return the share of the first word when fed back."""
    return float(fed(run).mean())


@derived("coins", "alternation", quantity=ALTERNATION)
def alternation(run: CoinsRun) -> float:
    """Return the alternation of all streams."""
    return pairs(fed(run)).alternation


@derived("coins", "negative_recency", quantity=EXCESS)
def negative_recency(run: CoinsRun) -> float:
    """Return the alternation beyond chance."""
    share = fed_share(run)
    return alternation(run) - 2 * share * (1 - share)


@derived("coins", "told", quantity=TOLD)
def told(run: CoinsRun) -> float:
    """Return what a decision tells of the next one, nats."""
    return pairs(fed(run)).mutual_information


@derived("coins", "entropy", quantity=replace(TOLD, name="Entropy of the share",
    help="Of the two words among all decisions fed back.", formula="H(p)"))  # fmt: skip
def entropy(run: CoinsRun) -> float:
    """Return the entropy of the share, nats."""
    return marginal_entropy(fed(run))


@derived("coins", "stream_alternation", "Q",
         quantity=replace(ALTERNATION, name="Alternation in a stream"))  # fmt: skip
def stream_alternation(run: CoinsRun) -> np.ndarray:
    """Return the alternation of every stream, float32 [Q]."""
    return np.array([pairs(row[None]).alternation for row in fed(run)], np.float32)


@derived("coins", "stream_runs_z", "Q", quantity=RUNS_Z)
def stream_runs_z(run: CoinsRun) -> np.ndarray:
    """Return z of the number of runs in every stream, float32 [Q]; NaN where all are equal."""
    return np.array([runs_test(row)[2] for row in fed(run)], np.float32)


def switch_shares(rows: np.ndarray, most: int) -> np.ndarray:
    """Return how often a run of 1 to ``most`` ended next, float64 [most]; NaN where none came."""
    ended, seen = (each[:most] for each in switches(rows))
    found = np.full(most, np.nan)
    found[: len(seen)] = np.where(seen > 0, ended / np.maximum(seen, 1), np.nan)
    return found
