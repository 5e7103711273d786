"""What can be said of the texts of a trajectory run: how likely, how varied, how repetitive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..quantities import Quantity
from ..runs.trajectories import RAW_ENTROPY, RAW_SURPRISAL, TrajectoryRun
from .feedback import Steered, steered
from .pace import running_rows

_OF_TEXT = "the text is too short"
DISTINCT = Quantity(
    "Different tokens",
    "d₁",
    "%",
    missing=_OF_TEXT,
    help="Share of different tokens among all: below 100 % a token came twice.",
    formula=r"\frac{|\{x_i\}|}{n}",
    source="Li et al. 2016, arXiv 1510.03055.",
)
MEASURES: Mapping[str, Quantity] = {
    "perplexity": Quantity(
        "Perplexity",
        "e^s̄",
        "",
        low=1,
        high=100,
        scale="log",
        missing=_OF_TEXT,
        plain="how hard the model finds its own text",
        help="exp of the mean raw surprisal: the model's own text as a choice among so many.",
        formula=r"e^{\overline{s}}",
        source="Jelinek et al. 1977.",
    ),
    "mean_surprisal": replace(RAW_SURPRISAL, name="Mean surprisal", high=7, missing=_OF_TEXT),
    "mean_entropy": replace(RAW_ENTROPY, name="Mean entropy", missing=_OF_TEXT),
    "target": Quantity(
        "Target τ", "τ", high=7, missing="no target", help="The surprise that the sampler aims at."
    ),
    "target_error": Quantity(
        "Surprise − τ",
        "s̄ − τ",
        low=-3,
        high=3,
        scale="diverging",
        missing="no target",
        help="Mean surprise of the drawn tokens, as that sampler counts it, minus its target.",
        source="Basu et al. 2021, arXiv 2007.14966.",
    ),
    "distinct_1": DISTINCT,
    "distinct_2": replace(
        DISTINCT,
        name="Different pairs",
        symbol="d₂",
        help="Share of different pairs of tokens among all (distinct-2).",
        formula=r"\frac{|\{(x_i,x_{i+1})\}|}{n-1}",
    ),
    "repeated_4": replace(
        DISTINCT,
        name="Repeated fours",
        symbol="r₄",
        help="Share of sequences of four tokens that stood in the same text before.",
        formula=r"1-\frac{|\{(x_i,\dots,x_{i+3})\}|}{n-3}",
        source="Basu et al. 2021, arXiv 2007.14966.",
    ),
    "similarity": Quantity(
        "Like its other seeds",
        "J",
        "%",
        missing="no other seed",
        help="Overlap of sequences of three tokens with the same sampler's other seeds; 100 % for "
        "equal texts. Not a measure of meaning.",
        formula=r"\frac{|A\cap B|}{|A\cup B|}",
        source="Jaccard 1912.",
    ),
    "milliseconds": Quantity(
        "Time a token",
        "",
        "ms",
        high=1000,
        missing="not timed",
        digits=0,
        help="Of the whole batch's steps, each shared by the texts in it.",
    ),
}
"""What the measures of a text are; ``milliseconds`` is a thousand times ``seconds_per_token``."""


@dataclass(frozen=True)
class TextMeasures:
    """Numbers of one trajectory; NaN where it is too short for them.

    Attributes:
        tokens: its length.
        perplexity: exp of the mean raw surprisal: how likely the model finds its own text.
        mean_surprisal: raw, nats.
        mean_entropy: raw, nats.
        distinct_1, distinct_2: share of different tokens and pairs.
        repeated_4: share of 4-grams that stood there before.
        similarity: mean overlap of the sets of 3-grams (Jaccard) with the same sampler's other
            seeds, 1 for equal texts. Not a measure of meaning.
        seconds_per_token: of the whole batch's steps, each shared by the trajectories in it.
        target: τ of a sampler that steers surprisal, nats; NaN for others.
        target_error: mean surprise of the drawn tokens, as that sampler counts it, minus τ; nats.
    """

    sampler: int
    seed: int
    tokens: int
    perplexity: float
    mean_surprisal: float
    mean_entropy: float
    distinct_1: float
    distinct_2: float
    repeated_4: float
    similarity: float
    seconds_per_token: float
    target: float = float("nan")
    target_error: float = float("nan")


def text_measures(run: TrajectoryRun) -> list[TextMeasures]:
    """Return the measures of every trajectory, samplers first."""
    rows, seeds = run.lengths.shape
    targets = {each.sampler: each for each in steered(run)}
    return [
        _measure(run, row, seed, targets.get(row)) for row in range(rows) for seed in range(seeds)
    ]


def _measure(run: TrajectoryRun, sampler: int, seed: int, steers: Steered | None) -> TextMeasures:
    length = int(run.lengths[sampler, seed])
    ids = run.token_ids[sampler, seed, :length]
    surprisal = _mean(run.surprisal[sampler, seed, :length])
    others = [
        run.token_ids[sampler, each, : run.lengths[sampler, each]]
        for each in range(run.lengths.shape[1])
        if each != seed
    ]
    target = steers.target if steers else float("nan")
    error = _mean(steers.surprise[seed]) - target if steers else float("nan")
    return TextMeasures(
        sampler=sampler,
        seed=seed,
        tokens=length,
        perplexity=float(np.exp(surprisal)),
        mean_surprisal=surprisal,
        mean_entropy=_mean(run.entropy[sampler, seed, :length]),
        distinct_1=distinct(ids, 1),
        distinct_2=distinct(ids, 2),
        repeated_4=1 - distinct(ids, 4),
        similarity=_mean(np.array([overlap(ids, each) for each in others])),
        seconds_per_token=_mean(run.step_seconds[:length] / running_rows(run)[:length]),
        target=target,
        target_error=error,
    )


def distinct(ids: np.ndarray, size: int) -> float:
    """Return the share of different n-grams of ``size`` among all; NaN where there are none."""
    grams = _grams(ids, size)
    return len(set(grams)) / len(grams) if grams else float("nan")


def overlap(first: np.ndarray, second: np.ndarray, size: int = 3) -> float:
    """Return the Jaccard overlap, 0 to 1, of two texts' sets of n-grams; NaN without any."""
    one, other = set(_grams(first, size)), set(_grams(second, size))
    return len(one & other) / len(one | other) if one | other else float("nan")


def _grams(ids: np.ndarray, size: int) -> list[tuple[int, ...]]:
    plain = ids.tolist()
    return [tuple(plain[start : start + size]) for start in range(len(plain) - size + 1)]


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
