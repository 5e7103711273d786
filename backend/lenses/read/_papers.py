"""Papers whose claims Tokens and Attention show, each by a figure of a shipped run."""

from __future__ import annotations

import math

import numpy as np

from ...derived import number
from ...derived.ares import paper_threshold, triggers
from ...derived.heads import entropy_floor, flag_heads
from ...derived.series import window_mean
from ...runs.attention import AttentionRun
from ...runs.text import TextRun
from ..base import Paper

_FLOPS = 304_314_624
"""A token of the bundled model costs so many, by the paper's own count."""
_ARES_WINDOW = 4
_LIKELY = 9
"""Nats: tokens above e⁻⁹ are counted, the nearest whole nat that takes in all above 2⁻¹²."""
_ROUNDING = 1e-4


def capacity(run: TextRun) -> float:
    """Return the bits that a token saves against plain bytes, over log₂ of what it costs."""
    size = len(run.text[run.offsets[1, 0] :].encode())
    plain = 8 * size / (len(run) - 1)
    coded = float(np.nanmean(run.surprisal)) / math.log(2)
    return (plain - coded) / math.log2(_FLOPS)


def likely_percent(run: TextRun) -> float:
    """Return how much of the vocabulary is above e⁻⁹ on average, percent; NaN without curves."""
    if run.curve_counts is None or run.curve_edges is None:
        return math.nan
    (place,) = np.flatnonzero(run.curve_edges == _LIKELY)
    return 100 * float(run.curve_counts[1:, place].mean()) / run.model.vocab_size


def high_windows(run: TextRun) -> float:
    """Return the share of windows above the paper's threshold."""
    means = window_mean(run.entropy, _ARES_WINDOW)
    high = triggers(means, paper_threshold(run.entropy))
    return float(high.sum() / np.isfinite(means).sum())


def gap(run: TextRun) -> float:
    """Return how far the mean of surprisal − entropy is from 0, in standard deviations."""
    return number(run, "gap_z").values.item()


def below_bound(run: AttentionRun) -> float:
    """Return how many rows of attention have less entropy than the spread of scores allows."""
    return float((run.entropy < entropy_floor(run) - _ROUNDING).sum())


def middle_heads(run: AttentionRun) -> float:
    """Return the share of heads in the middle two quarters of the range of entropies."""
    share = flag_heads(run).share
    return float(((share >= 0.25) & (share < 0.75)).mean())


TOKENS = (
    Paper(
        number=5,
        claim="What a model saves in describing a text, over the logarithm of what it costs to "
        "run, is one figure of how efficient it is.",
        look="metric=surprisal",
        example="text_long",
        expected=1.013,
        found=capacity,
        tolerance=0.15,
        remark="Expected is the worked case of a model of this shape. The paper also takes off a "
        "constant that is fitted to its texts; with it our figure would be near 0.1, on one "
        "text of a thousand tokens.",
    ),
    Paper(
        number=16,
        claim="Text that a model did not write is more surprising to it than its own entropy says.",
        look="panel=along_gap_walk",
        example="text_nonsense",
        expected=5.6,
        found=gap,
        tolerance=0.5,
        remark="Found is the sum of surprisal − entropy in standard deviations: over 2 is rare "
        "for text of the model's own. It proves nothing the other way: plain human sentences "
        "can stay inside. The paper's bounds were not seen; ours come from the varentropy.",
    ),
    Paper(
        number=34,
        claim="Of a large vocabulary hardly a token has a probability that matters, so the loss "
        "and its gradient need no table of tokens by vocabulary.",
        look="panel=cumulative",
        example="text_fact",
        expected=0.2,
        found=likely_percent,
        tolerance=0.05,
        remark="Found is the percentage of the vocabulary above e⁻⁹, a little less than what "
        "bfloat16 can tell. On harder texts it is up to 1 %. The memory saved shows on no "
        "run; our engine goes over the vocabulary in tiles as well.",
    ),
    Paper(
        number=46,
        claim="One unsure token may be chance; several in a row mark a place where thinking on "
        "pays.",
        look="metric=window_entropy&tokens.window=4&panel=along_entropy",
        example="text_long",
        expected=0.0,
        found=high_windows,
        tolerance=0.02,
        remark="The paper finds hundreds of such places in long reasoning. By the rule as it is "
        "printed we find next to none: the 95th percentile of single tokens is above nearly "
        "every mean of four. The published code takes the percentile of the means instead, "
        "which leaves one window in twenty whatever the text.",
    ),
)

ATTENTION = (
    Paper(
        number=45,
        claim="The spread of its scores bounds the entropy of attention from below: where it can "
        "grow without limit, a head can collapse.",
        look="head=17.5&panel=along_head",
        example="attention_repeated",
        expected=0.0,
        found=below_bound,
        tolerance=0.0,
        remark="Found is how many rows are below their bound. Ours is from the spread of each "
        "row's own scores: the printed bound, from norms of whole matrices, is all but 0 in a "
        "real model.",
    ),
    Paper(
        number=7,
        claim="In a healthy model most heads have neither nearly all nor nearly none of the "
        "entropy that a head was seen to have.",
        look="panel=quarters",
        example="attention_repeated",
        expected=0.9,
        found=middle_heads,
        tolerance=0.05,
        remark="Found is the share of heads in the middle two quarters. It is a matter of the "
        "text: about 75 % on most that ship, and 53 % on the German one, whose heads rest on "
        "the first token.",
    ),
)
