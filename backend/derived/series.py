"""Curves and summary figures made from a stored text run; no model is needed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from ..quantities import BITS_PER_NAT, UNITS, Quantity
from ..runs.text import TextRun
from ..runs.token_numbers import ENTROPY, SHANNON, SURPRISAL
from .base import derived

GAP = Quantity(
    "Surprisal − entropy",
    "s − H",
    low=-7,
    high=7,
    scale="diverging",
    plain="more surprised than expected",
    help="Above 0: more surprising than the model itself expected to be surprised here.",
    formula=r"s_i-H_i",
    source="Radvand et al. 2025, arXiv 2501.02406.",
    joins="sum",
    pieces=(14, 28),
    pieces_help="Sum over the {level}; above 0, more surprising than the model itself expected.",
    pieces_formula=r"\sum_i (s_i-H_i)",
)
PROBABILITY = Quantity(
    "Probability",
    "p",
    "%",
    help="What the model gave this token before it saw it.",
    formula=r"p_i(x_i)=\frac{e^{z_{x_i}}}{\sum_u e^{z_u}}",
    source="Softmax over the whole vocabulary: Bridle 1990.",
)
WINDOW_ENTROPY = replace(
    ENTROPY,
    name="Window entropy",
    symbol="H̄",
    help="Mean entropy of this token and those after it, as many as the window is wide.",
    formula=r"\bar H_{i:w}=\frac1w\sum_{j=i}^{i+w-1}H_j",
    source="ARES, arXiv 2510.08457.",
    missing="no full window",
    pieces=None,
    pieces_help="",
    pieces_formula="",
    window_of="entropy",
)
EFFECTIVE_CHOICES = Quantity(
    "Effective choices",
    "e^H",
    "",
    low=1,
    high=1000,
    scale="log",
    help="exp(entropy): as many equally likely tokens would be as uncertain.",
    formula=r"e^{H_i}",
    source="Perplexity of a distribution: Jelinek et al. 1977.",
    digits=1,
)
NORMALISED_ENTROPY = Quantity(
    "Entropy / ln V",
    "H/ln V",
    "",
    help="Entropy as a share of the most there can be: compares vocabularies of different size.",
    formula=r"\frac{H_i}{\ln|V|}",
    source="Evenness: Pielou 1966.",
    digits=3,
)
MEAN_ENTROPY = replace(
    ENTROPY,
    name="Mean entropy",
    help="How undecided the model was, on average over the tokens with a prediction.",
    formula=r"\frac1n\sum_i H_i",
    pieces=None,
)
MEAN_SURPRISAL = replace(
    SURPRISAL,
    name="Mean surprisal",
    high=7,
    pieces=None,
    help="How unexpected the tokens were, on average; its exponential is the perplexity.",
    formula=r"\frac1n\sum_i s_i",
)
MEAN_CHOICES = replace(
    EFFECTIVE_CHOICES,
    name="As unsure as",
    unit="choices",
    help="exp(mean entropy): on average as unsure as among so many equally likely tokens.",
    formula=r"e^{\frac1n\sum_i H_i}",
)
PERPLEXITY = Quantity(
    "Perplexity",
    "PPL",
    "",
    low=1,
    high=1000,
    scale="log",
    help="exp(mean surprisal): as many equally likely tokens would surprise as much.",
    formula=r"e^{\frac1n\sum_i s_i}",
    source="Jelinek et al. 1977.",
    digits=1,
)
FIRST_CHOICE = Quantity(
    "First choice right",
    "",
    "%",
    help="How often the likeliest token was the one that came.",
    formula=r"\frac1n\,|\{i: r_i=1\}|",
    source="Top-1 accuracy.",
    digits=0,
)
BITS_PER_CHARACTER = Quantity(
    "Bits per character",
    "bpc",
    "bits",
    high=8,
    help="Size of the text, had the model compressed it: bits of surprisal a character.",
    formula=r"\frac{\sum_i s_i}{\ln 2\cdot\mathrm{characters}}",
    source=SHANNON,
)
BITS_PER_BYTE = replace(
    BITS_PER_CHARACTER,
    name="Bits per byte",
    symbol="bpb",
    help="Size of the text, had the model compressed it: bits of surprisal a byte of UTF-8.",
    formula=r"\frac{\sum_i s_i}{\ln 2\cdot\mathrm{bytes}}",
)
GAP_Z = Quantity(
    "Gap z",
    "z",
    "",
    low=-4,
    high=4,
    scale="diverging",
    help="Final sum of surprisal − entropy over its spread: within ±2 for text the model draws.",
    formula=r"\frac{\sum_i(s_i-H_i)}{\sqrt{\sum_i V_i}}",
    source="After Radvand et al. 2025, arXiv 2501.02406: normal approximation.",
)


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
    if unit not in UNITS:
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


@derived("text", "gap", "T", quantity=GAP)
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


@derived("text", "probability", "T", quantity=PROBABILITY)
def probability(run: TextRun) -> np.ndarray:
    """Return the probability each token had before it came, float32 [T]."""
    return np.exp(-run.surprisal)


@derived("text", "normalised_entropy", "T", quantity=NORMALISED_ENTROPY)
def normalised_entropy(run: TextRun) -> np.ndarray:
    """Return entropy / ln V, 0 … 1, float32 [T]; V is the model's vocabulary."""
    most = math.log(run.model.vocab_size)
    return run.entropy / most if most else np.zeros_like(run.entropy)


def tail_mass(run: TextRun) -> np.ndarray:
    """Return the probability outside the stored top tokens, float32 [T]."""
    return np.clip(1 - np.exp(run.top_logprobs.astype(np.float64)).sum(axis=1), 0, 1).astype(
        np.float32
    )


@derived("text", "effective_choices", "T", quantity=EFFECTIVE_CHOICES)
def choices_of_tokens(run: TextRun) -> np.ndarray:
    """Return exp(entropy) of every token, float32 [T]."""
    return effective_choices(run.entropy)


_FIGURES = {
    "mean_choices": (MEAN_CHOICES, lambda of: _exp(of.mean_entropy)),
    "perplexity": (PERPLEXITY, lambda of: of.perplexity),
    "first_choice": (FIRST_CHOICE, lambda of: of.top1_share),
    "mean_entropy": (MEAN_ENTROPY, lambda of: of.mean_entropy),
    "mean_surprisal": (MEAN_SURPRISAL, lambda of: of.mean_surprisal),
    "bits_per_character": (BITS_PER_CHARACTER, lambda of: of.bits_per_character),
    "bits_per_byte": (BITS_PER_BYTE, lambda of: of.bits_per_byte),
    "gap_z": (GAP_Z, lambda of: of.gap_z),
}


def _figure(take: Callable[[Summary], float]) -> Callable[[TextRun], float]:
    return lambda run: take(summarise(run))


for _name, (_quantity, _take) in _FIGURES.items():
    derived("text", _name, quantity=_quantity)(_figure(_take))


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
        perplexity=_exp(mean_surprisal),
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


def _exp(value: float) -> float:
    with np.errstate(over="ignore"):  # beyond float64 is infinite
        return float(np.exp(value))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
