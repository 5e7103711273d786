"""Figures of a data-set run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.dataset import MEAN_ENTROPY, PERPLEXITY, DatasetRun
from ..runs.tables import mean_of_known
from .base import derived

_OURS = "A count."

TEXTS = Quantity(
    "Texts", "N", "", high=10_000, help="Rows of the data set.", formula="N", source=_OURS, digits=0
)
TOKENS = Quantity(
    "Tokens", "", "", high=1_000_000, help="Of all texts together.", formula=r"\sum_r T_r",
    source=_OURS, digits=0,
)  # fmt: skip
UNREAD = replace(
    TEXTS,
    name="Could not be read",
    help="Texts without numbers; the table says why.",
    formula=r"|\{r: \text{problem}\}|",
)
WHOLE = replace(
    MEAN_ENTROPY,
    name="Mean of mean entropy",
    help="Over the texts, so that a long text counts as one.",
    formula=r"\frac1N\sum_r\bar H_r",
)
PACE = Quantity(
    "Tokens per second", "", "", high=10_000, help="Of the time of the whole study.",
    formula=r"\sum_r T_r/\text{seconds}", source=_OURS, digits=0,
)  # fmt: skip

derived("dataset", "texts", quantity=TEXTS)(len)
derived("dataset", "unread", quantity=UNREAD)(lambda run: len(run.problems))


@derived("dataset", "perplexity", "N", quantity=PERPLEXITY)
def perplexity(run: DatasetRun) -> np.ndarray:
    """Return exp(mean surprisal), float32 [N]."""
    return run.perplexity


@derived("dataset", "all_tokens", quantity=TOKENS)
def all_tokens(run: DatasetRun) -> int:
    """Return how many tokens all texts have together."""
    return int(run.tokens.sum())


@derived("dataset", "mean_of_means", quantity=WHOLE)
def mean_of_means(run: DatasetRun) -> float:
    """Return the mean over the texts that have a mean entropy, nats."""
    return float(mean_of_known(run.mean_entropy, 0))


@derived("dataset", "pace", quantity=PACE)
def pace(run: DatasetRun) -> float:
    """Return tokens per second; NaN where no time was taken."""
    return all_tokens(run) / run.seconds if run.seconds else float("nan")
