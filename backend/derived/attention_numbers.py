"""Numbers of an attention run that are declared like stored ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.attention import ATTENTION_ENTROPY, AttentionRun
from .base import derived, once
from .heads import (
    Flags,
    attention_regulariser,
    entropy_ceiling,
    entropy_floor,
    flag_heads,
    mean_over,
    normalised,
    without_first,
)

_SIGMA_REPARAM = "σReparam, Zhai et al. 2023, arXiv 2303.06296"
_FLAGS = "Entropy-Guided Attention, Jha and Reagen 2025, arXiv 2501.03489, §3"

SHARE = Quantity(
    "Share of the maximum",
    "H/ln n",
    "%",
    plain="how widely it looks, for what it sees",
    help="H / ln(visible tokens): a token near the start sees only a few, so its entropy cannot "
    "be large.",
    formula=r"H_i/\ln n_i",
    source="Evenness: Pielou 1966.",
    missing="it sees a single token",
    digits=0,
)
REST_ENTROPY = replace(
    ATTENTION_ENTROPY,
    name="Entropy without the first token",
    help="How widely the weight on all tokens but the first is spread: most heads rest on the "
    "first token when they have nothing to do. Within 0.02 nats, where at least 1 % remains.",
    formula=r"H_{\mathrm{rest}}=\frac{H_i-h(p_{i0})}{1-p_{i0}}",
    source="Chain rule of entropy: Shannon 1948.",
    missing="less than 1 % is left",
)
REST_SHARE = replace(
    SHARE,
    name="Share of the maximum without the first token",
    help="The same of the weight on all tokens but the first.",
    formula=r"H_{\mathrm{rest}}/\ln(n_i-1)",
)
CEILING = replace(
    ATTENTION_ENTROPY,
    name="Maximum",
    symbol="ln n",
    plain="",
    help="The most the entropy could be: ln of the number of visible tokens, when all are looked "
    "at alike.",
    formula=r"\ln n_i",
)
FLOOR = replace(
    ATTENTION_ENTROPY,
    name="Least the scores allow",
    symbol="H_min",
    plain="",
    help="A lower bound from the spread σ of each row's own scores over its n visible tokens: no "
    "distribution with scores of that spread has less entropy. It is close to the curve where one "
    "token stands out.",
    formula=r"H_i\ge\ln\bigl(1+(n-1)\beta\bigr)+\frac{\sigma_i\sqrt{n(n-1)}\,\beta}"
    r"{1+(n-1)\beta},\quad\beta=e^{-\sigma_i\sqrt{n/(n-1)}},\quad"
    r"\sigma_i=\lVert s_i-\bar s_i\rVert_2",
    source=f"{_SIGMA_REPARAM}: Theorem 3.1, whose σ is an upper bound of the one used here.",
)
_LOOKS = "of how widely the heads look back from this token over the tokens up to it."
TOKEN_MEAN = replace(
    ATTENTION_ENTROPY,
    name="Mean over the heads",
    help=f"The mean over all heads {_LOOKS}",
    formula=r"\frac1{LH}\sum_{l,h}H^{(l,h)}_i",
)
TOKEN_WIDEST = replace(
    ATTENTION_ENTROPY,
    name="Widest head",
    help=f"The largest over all heads {_LOOKS}",
    formula=r"\max_{l,h}H^{(l,h)}_i",
)
TOKEN_NARROWEST = replace(
    ATTENTION_ENTROPY,
    name="Narrowest head",
    help=f"The least over all heads {_LOOKS}",
    formula=r"\min_{l,h}H^{(l,h)}_i",
)
TOKEN_MOST = replace(CEILING, name="Largest possible")
HEAD_ENTROPY = replace(
    ATTENTION_ENTROPY,
    name="Mean attention entropy",
    help="A head's weights say how much a token looks at each token it may see. Their entropy is "
    "0 for a head that looks at one token and ln(visible tokens) for one that looks at all alike. "
    "It is computed exactly, for every head at every token, without keeping the weights.",
    formula=r"H^{(l,h)}=\frac1{|I|}\sum_{i\in I}\Bigl(-\sum_{j\le i}p^{(l,h)}_{ij}"
    r"\ln p^{(l,h)}_{ij}\Bigr)",
    missing="this layer has no pattern",
)
MEAN_ENTROPY = replace(
    HEAD_ENTROPY,
    name="Mean entropy",
    help="Over all heads and tokens, the first token included: minus the term with which AEM "
    "keeps attention spread out.",
    formula=r"\frac1{LHT}\sum_{l,h,i}H^{(l,h)}_i",
    source="AEM: Zhang et al. 2024, arXiv 2406.15303.",
)
MEAN_SHARE = replace(
    SHARE,
    name="Mean share of the maximum",
    help="Mean of H / ln(visible tokens) over all heads and tokens.",
)
OVERLOADED = Quantity(
    "▲ Overload",
    "",
    "heads",
    high=1000,
    help="Heads that look almost everywhere: mean entropy from 75 % of the highest head upward, "
    "the paper's top quarter.",
    formula=r"\bigl|\{(l,h):\bar H^{(l,h)}\ge 0.75\,\max\bar H\}\bigr|",
    source=_FLAGS,
    digits=0,
)
COLLAPSED = replace(
    OVERLOADED,
    name="▼ Collapse",
    help="Heads that look at almost nothing but one token: mean entropy up to 5 % of the highest "
    "head. The paper names no number for collapse; 0.05 is ours.",
    formula=r"\bigl|\{(l,h):\bar H^{(l,h)}\le 0.05\,\max\bar H\}\bigr|",
)

derived("attention", "share", "L", "H", "T", quantity=SHARE)(normalised)
derived("attention", "ceiling", "L", "H", "T", quantity=CEILING)(entropy_ceiling)
derived("attention", "floor", "L", "H", "T", quantity=FLOOR)(entropy_floor)

_flags = once(flag_heads)


@derived("attention", "rest_entropy", "L", "H", "T", quantity=REST_ENTROPY)
def rest_entropy(run: AttentionRun) -> np.ndarray:
    """Return the entropy of the weights on all tokens but the first, float32 [L, H, T]."""
    return without_first(run)[0]


@derived("attention", "rest_share", "L", "H", "T", quantity=REST_SHARE)
def rest_share(run: AttentionRun) -> np.ndarray:
    """Return that entropy as a share of the most it could be, float64 [L, H, T]."""
    entropy, highest = without_first(run)
    return share_of(entropy, highest)


def share_of(entropy: np.ndarray, highest: np.ndarray) -> np.ndarray:
    """Return ``entropy`` over the ``highest`` there can be; NaN where that is 0."""
    known = highest > 0  # False for NaN
    return np.where(known, entropy / np.where(known, highest, 1), np.nan)


@derived("attention", "token_mean", "T", quantity=TOKEN_MEAN)
def token_mean(run: AttentionRun) -> np.ndarray:
    """Return the mean entropy over all heads of every token, float64 [T]."""
    return mean_over(run.entropy.reshape(-1, len(run)).T)


@derived("attention", "token_widest", "T", quantity=TOKEN_WIDEST)
def token_widest(run: AttentionRun) -> np.ndarray:
    """Return the largest entropy of a head at every token, float32 [T]; NaN where none is."""
    return np.fmax.reduce(run.entropy, axis=(0, 1))


@derived("attention", "token_narrowest", "T", quantity=TOKEN_NARROWEST)
def token_narrowest(run: AttentionRun) -> np.ndarray:
    """Return the least entropy of a head at every token, float32 [T]; NaN where none is."""
    return np.fmin.reduce(run.entropy, axis=(0, 1))


@derived("attention", "token_most", "T", quantity=TOKEN_MOST)
def token_most(run: AttentionRun) -> np.ndarray:
    """Return the most that an entropy can be at every token in any layer, float32 [T]."""
    return np.fmax.reduce(run.max_entropy, axis=0)


@derived("attention", "head_entropy", "L", "H", quantity=HEAD_ENTROPY)
def head_entropy(run: AttentionRun) -> np.ndarray:
    """Return the mean entropy of every head, float64 [L, H]."""
    return mean_over(run.entropy)


@derived("attention", "mean_entropy", quantity=MEAN_ENTROPY)
def mean_entropy(run: AttentionRun) -> float:
    """Return the mean over heads and tokens."""
    return -attention_regulariser(run)


@derived("attention", "mean_share", quantity=MEAN_SHARE)
def mean_share(run: AttentionRun) -> float:
    """Return the mean share of the maximum, 0 to 1."""
    return float(mean_over(normalised(run).ravel()))


@derived("attention", "overloaded", quantity=OVERLOADED)
def overloaded(run: AttentionRun) -> float:
    """Return how many heads look almost everywhere."""
    return float(_flagged(run).overload.sum())


@derived("attention", "collapsed", quantity=COLLAPSED)
def collapsed(run: AttentionRun) -> float:
    """Return how many heads look at almost nothing but one token."""
    return float(_flagged(run).collapse.sum())


def _flagged(run: AttentionRun) -> Flags:
    return _flags(run)
