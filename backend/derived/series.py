"""Curves and summary figures made from a stored text run; no model is needed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..runs.text import TextRun

BITS_PER_NAT = 1 / math.log(2)


@dataclass(frozen=True)
class GapWalk:
    """The running sum of surprisal − entropy along a text.

    If the model had drawn the text itself, at temperature 1 and from its whole vocabulary, every
    step would have mean 0 and variance ``varentropy``: the walk would stay inside ±band about
    95 times in 100 at any one place.

    Attributes:
        walk: float64 [T], nats; NaN before the first scored token.
        band: float64 [T], nats; 2 √Σ varentropy.
    """

    walk: np.ndarray
    band: np.ndarray


@dataclass(frozen=True)
class Summary:
    """Figures of a whole text, over its scored tokens only; nats unless the name says bits.

    Without a beginning-of-sequence token the first token is not scored, and its characters are
    not counted. All figures are NaN when nothing was scored.

    Attributes:
        tokens: all tokens.
        scored: those with a prediction.
        mean_entropy, mean_surprisal: nats per token.
        perplexity: exp(mean surprisal).
        bits_per_character, bits_per_byte: total surprisal over the text of the scored tokens, in
            Unicode characters and in UTF-8 bytes: the size of the text, had the model compressed
            it.
        top1_share: share of scored tokens that were the most likely one.
        gap_z: final gap over √Σ varentropy; within ±2 for text the model draws itself.
        tokens_per_second: over the time of the whole study.
    """

    tokens: int
    scored: int
    mean_entropy: float
    mean_surprisal: float
    perplexity: float
    bits_per_character: float
    bits_per_byte: float
    top1_share: float
    gap_z: float
    tokens_per_second: float


def to_unit(nats: np.ndarray, unit: str, *, power: int = 1) -> np.ndarray:
    """Convert nats to ``unit``, "nats" or "bits"; ``power`` is 2 for a varentropy."""
    if unit not in ("nats", "bits"):
        raise InputError(f"The unit is 'nats' or 'bits', not {unit!r}.")
    return nats if unit == "nats" else nats * BITS_PER_NAT**power


def window_mean(values: np.ndarray, width: int, *, centred: bool = False) -> np.ndarray:
    """Return the mean over windows of ``width`` tokens, float64 [T].

    Value *t* is the mean of t … t + width − 1, the window entropy of ARES (2025,
    arXiv 2510.08457); with ``centred``, of the ``width`` tokens around t (one more before than
    after when the width is even). Windows that leave the text, or hold a NaN, have no mean: NaN.
    """
    if width < 1:
        raise InputError(f"A window must be at least 1 token wide, not {width}.")
    means = np.full(len(values), np.nan)
    if width <= len(values):
        windows = np.lib.stride_tricks.sliding_window_view(values.astype(np.float64), width)
        first = width // 2 if centred else 0
        means[first : first + len(windows)] = windows.mean(axis=1)
    return means


def gap(run: TextRun) -> np.ndarray:
    """Return surprisal − entropy, float32 [T], nats: above 0, more surprising than expected."""
    return run.surprisal - run.entropy


def gap_walk(run: TextRun) -> GapWalk:
    """Return the running sum of ``gap`` with the band it keeps to when the model wrote the text."""
    scored = np.isfinite(run.entropy)
    steps = np.where(scored, gap(run), 0).astype(np.float64)
    variance = np.where(scored, run.varentropy, 0).astype(np.float64)
    begun = np.cumsum(scored) > 0
    return GapWalk(
        walk=np.where(begun, np.cumsum(steps), np.nan),
        band=np.where(begun, 2 * np.sqrt(np.cumsum(variance)), np.nan),
    )


def effective_choices(entropy: np.ndarray) -> np.ndarray:
    """Return exp(entropy): as many equally likely tokens would be as uncertain."""
    return np.exp(entropy)


def probability(run: TextRun) -> np.ndarray:
    """Return the probability each token had before it came, float32 [T]."""
    return np.exp(-run.surprisal)


def normalised_entropy(run: TextRun) -> np.ndarray:
    """Return entropy / ln V, 0 … 1, float32 [T]; V is the model's vocabulary."""
    most = math.log(run.model.vocab_size)
    return run.entropy / most if most else np.zeros_like(run.entropy)


def tail_mass(run: TextRun) -> np.ndarray:
    """Return the probability outside the stored top tokens, float32 [T]."""
    return np.clip(1 - np.exp(run.top_logprobs.astype(np.float64)).sum(axis=1), 0, 1).astype(
        np.float32
    )


def summarise(run: TextRun) -> Summary:
    """Return the figures of the whole text."""
    scored = np.isfinite(run.entropy)
    count = int(scored.sum())
    mean_surprisal = _ratio(_total(run.surprisal[scored]), count)
    whole = _whole_characters(run, scored)
    bits = _total(run.surprisal[whole]) * BITS_PER_NAT
    characters = _text_of(run, whole)
    return Summary(
        tokens=len(run),
        scored=count,
        mean_entropy=_ratio(_total(run.entropy[scored]), count),
        mean_surprisal=mean_surprisal,
        perplexity=float(np.exp(mean_surprisal)),
        bits_per_character=_ratio(bits, len(characters)),
        bits_per_byte=_ratio(bits, len(characters.encode("utf-8", "surrogatepass"))),
        top1_share=_ratio(int((run.rank == 1).sum()), count),
        gap_z=_ratio(_total(gap(run)[scored]), math.sqrt(max(_total(run.varentropy[scored]), 0))),
        tokens_per_second=_ratio(len(run), run.seconds),
    )


def _whole_characters(run: TextRun, scored: np.ndarray) -> np.ndarray:
    """Return which tokens are scored and belong to characters all of whose tokens are."""
    return scored & ~np.isin(run.groups, run.groups[~scored])


def _text_of(run: TextRun, tokens: np.ndarray) -> str:
    spans = run.offsets[tokens]
    return run.text[int(spans[:, 0].min()) : int(spans[:, 1].max())] if len(spans) else ""


def _total(values: np.ndarray) -> float:
    return float(values.sum(dtype=np.float64))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
