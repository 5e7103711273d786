"""Numbers of tokens, words and sentences that are read off a curve of a text run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.text import TextRun
from ..runs.token_numbers import ENTROPY
from .base import derived, once
from .series import WINDOW_ENTROPY, GapWalk, gap_walk, window_mean

DEFAULT_WINDOW = 5

PEAK_ENTROPY = replace(
    ENTROPY,
    name="Peak entropy",
    joins="max",
    help="The largest entropy among the tokens of a word or sentence.",
    formula=r"\max_i H_i",
    pieces_help="The largest entropy among the tokens of the {level}.",
    pieces_formula=r"\max_i H_i",
)
GAP_WALK = Quantity(
    "Running sum of surprisal − entropy",
    "G",
    low=-100,
    high=100,
    scale="diverging",
    help="For text sampled from the model at temperature 1 over the whole vocabulary, each step "
    "has mean 0 and variance V, so the sum stays inside the band about 95 times in 100 at any one "
    "place.",
    formula=r"G_n=\sum_{i\le n}(s_i-H_i)",
    source="Central limit theorem for martingale differences; after Radvand et al. 2025, "
    "arXiv 2501.02406.",
    digits=1,
)
GAP_BAND = replace(
    GAP_WALK,
    name="Band of the running sum",
    symbol="2√ΣV",
    low=0,
    scale="linear",
    help="How far from 0 the running sum may be, for text that the model itself could have drawn.",
    formula=r"2\sqrt{\textstyle\sum_{i\le n}V_i}",
)

_walk = once(gap_walk)


@derived("text", "window_entropy", "T", quantity=WINDOW_ENTROPY)
def window_entropy(run: TextRun) -> np.ndarray:
    """Return the mean entropy of every token and the four after it, float64 [T]."""
    return window_mean(run.entropy, DEFAULT_WINDOW)


@derived("text", "peak_entropy", "T", quantity=PEAK_ENTROPY)
def peak_entropy(run: TextRun) -> np.ndarray:
    """Return the entropy of every token; a word or sentence has the largest of its tokens."""
    return run.entropy


@derived("text", "gap_walk", "T", quantity=GAP_WALK)
def running_gap(run: TextRun) -> np.ndarray:
    """Return the running sum of surprisal − entropy, float64 [T]."""
    return _of(run).walk


@derived("text", "gap_band", "T", quantity=GAP_BAND)
def gap_band(run: TextRun) -> np.ndarray:
    """Return the half width of the band around 0, float64 [T]."""
    return _of(run).band


def _of(run: TextRun) -> GapWalk:
    return _walk(run)
