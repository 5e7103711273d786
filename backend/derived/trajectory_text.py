"""What can be said of the texts of a trajectory run: how likely, how varied, how repetitive."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..runs.trajectories import TrajectoryRun
from .pace import running_rows

_BIT = math.log(2)  # nats


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
    return [_measure(run, row, seed) for row in range(rows) for seed in range(seeds)]


def _measure(run: TrajectoryRun, sampler: int, seed: int) -> TextMeasures:
    length = int(run.lengths[sampler, seed])
    ids = run.token_ids[sampler, seed, :length]
    surprisal = _mean(run.surprisal[sampler, seed, :length])
    others = [
        run.token_ids[sampler, each, : run.lengths[sampler, each]]
        for each in range(run.lengths.shape[1])
        if each != seed
    ]
    target, error = _feedback(run, sampler, seed)
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


def _feedback(run: TrajectoryRun, sampler: int, seed: int) -> tuple[float, float]:
    """Return τ and the mean of surprise − τ, nats; NaN where the sampler has no target.

    In a chain of several samplers with a target, those of the first.
    """
    place = (sampler, seed)
    errors = [name for name in sorted(run.details) if name.rpartition(".")[2] == "error"]
    for name in errors:
        error = run.details[name][place]
        if np.isfinite(error).any():
            surprise = run.details[name.removesuffix("error") + "surprise"][place]
            # Both are in bits, as mirostat counts.
            return _mean(surprise - error) * _BIT, _mean(error) * _BIT
    return float("nan"), float("nan")


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
