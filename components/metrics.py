"""The numbers a text run can be coloured by; a new one is one entry in ``MEASURES``.

Colour ranges are fixed, so that two texts can be compared: entropy 0 to 7 nats (10 bits) covers all
but near-uniform guesses over 50,000 tokens, surprisal twice that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backend.derived import series, spans
from backend.runs.text import TextRun

from .token_strip import Metric, Scale

DEFAULT_WINDOW = 5
SHANNON = "Shannon 1948."


@dataclass(frozen=True)
class Measure:
    """How one number is made from a text run.

    Attributes:
        values: of a run and a window width, float [T]; information in nats.
        low, high: of the colours, in nats where ``power`` is not 0.
        power: 1 for information, 2 for its square, 0 for what has no such unit.
        formula: in LaTeX.
        source: where the measure comes from.
        unit: shown when ``power`` is 0.
    """

    label: str
    values: Callable[[TextRun, int], np.ndarray]
    low: float
    high: float
    help: str
    formula: str
    source: str = SHANNON
    power: int = 1
    unit: str = ""
    scale: Scale = "sequential"


MEASURES: dict[str, Measure] = {
    "entropy": Measure(
        "Entropy",
        lambda run, _: run.entropy,
        0,
        7,
        "How undecided the model was before it saw this token; over the whole vocabulary.",
        r"H_i=-\sum_v p_i(v)\ln p_i(v)",
    ),
    "surprisal": Measure(
        "Surprisal",
        lambda run, _: run.surprisal,
        0,
        14,
        "How unexpected this token was: −log of its probability.",
        r"s_i=-\ln p_i(x_i)",
    ),
    "gap": Measure(
        "Surprisal − entropy",
        lambda run, _: series.gap(run),
        -7,
        7,
        "Above 0: more surprising than the model itself expected to be surprised here.",
        r"s_i-H_i",
        "Radvand et al. 2025, arXiv 2501.02406.",
        scale="diverging",
    ),
    "varentropy": Measure(
        "Varentropy",
        lambda run, _: run.varentropy,
        0,
        14,
        "Variance of surprisal under the model: high when it weighs a favourite against many.",
        r"V_i=\sum_v p_i(v)\,\bigl(-\ln p_i(v)-H_i\bigr)^2",
        "Kontoyiannis and Verdú 2014.",
        power=2,
    ),
    "probability": Measure(
        "Probability",
        lambda run, _: 100 * series.probability(run),
        0,
        100,
        "What the model gave this token before it saw it.",
        r"p_i(x_i)=\frac{e^{z_{x_i}}}{\sum_u e^{z_u}}",
        "Softmax over the whole vocabulary: Bridle 1990.",
        power=0,
        unit="%",
    ),
    "rank": Measure(
        "Rank",
        lambda run, _: run.rank,
        1,
        1000,
        "Place of this token among all, the most likely first: 1.",
        r"1+\bigl|\{v: p_i(v)>p_i(x_i)\}\bigr|",
        "As in GLTR, Gehrmann et al. 2019, arXiv 1906.04043; ties go to the lower id.",
        power=0,
        scale="rank",
    ),
    "window_entropy": Measure(
        "Window entropy",
        lambda run, width: series.window_mean(run.entropy, width),
        0,
        7,
        "Mean entropy of this token and those after it, as many as the window is wide.",
        r"\bar H_{i:w}=\frac1w\sum_{j=i}^{i+w-1}H_j",
        "ARES, arXiv 2510.08457.",
    ),
    "effective_choices": Measure(
        "Effective choices",
        lambda run, _: series.effective_choices(run.entropy),
        1,
        100,
        "exp(entropy): as many equally likely tokens would be as uncertain.",
        r"e^{H_i}",
        "Perplexity of a distribution: Jelinek et al. 1977.",
        power=0,
    ),
    "normalised_entropy": Measure(
        "Entropy / ln V",
        lambda run, _: series.normalised_entropy(run),
        0,
        1,
        "Entropy as a share of the most there can be: compares vocabularies of different size.",
        r"\frac{H_i}{\ln|V|}",
        "Evenness: Pielou 1966.",
        power=0,
    ),
}


def unit_name(unit: str, power: int) -> str:
    """Return the name of a unit or its square."""
    return unit if power == 1 else f"{unit}²"


def text_metrics(
    run: TextRun, unit: str, *, window: int = DEFAULT_WINDOW, automatic: bool = False
) -> list[Metric]:
    """Return every measure of ``run`` as a metric of the token strip.

    Args:
        run: a text run.
        unit: "nats" or "bits".
        window: width in tokens of the window entropy.
        automatic: let the colours span the values of this run instead of the fixed range.
    """
    return [
        _metric(key, measure, run, unit, window, automatic) for key, measure in MEASURES.items()
    ]


PIECE_MEASURES = ("entropy", "peak_entropy", "surprisal", "gap")
"""What words and sentences can be coloured by."""

PIECE_RANGES = {"word": (7.0, 28.0, 14.0), "sentence": (7.0, 140.0, 28.0)}
"""Highest colour of entropy, surprisal and gap per word and per sentence, in nats."""


def piece_metrics(
    run: TextRun, pieces: spans.Spans, unit: str, level: str, *, automatic: bool = False
) -> list[Metric]:
    """Return the measures of whole words or sentences, one value a piece.

    Args:
        run: a text run.
        pieces: of the same text.
        unit: "nats" or "bits".
        level: "word" or "sentence".
        automatic: let the colours span the values of this run instead of the fixed range.
    """
    numbers, (entropy, surprisal, gap) = spans.gather(run, pieces), PIECE_RANGES[level]
    measures = {
        "entropy": Measure(
            "Mean entropy",
            lambda *_: numbers.entropy,
            0,
            entropy,
            f"Mean over the tokens of the {level}: how undecided the model was at each of them.",
            r"\frac1n\sum_i H_i",
        ),
        "peak_entropy": Measure(
            "Peak entropy",
            lambda *_: numbers.peak_entropy,
            0,
            entropy,
            f"The largest entropy among the tokens of the {level}.",
            r"\max_i H_i",
        ),
        "surprisal": Measure(
            "Surprisal",
            lambda *_: numbers.surprisal,
            0,
            surprisal,
            f"Of the {level} as a whole: the sum over its tokens.",
            r"\sum_i s_i=-\ln p(x_1\dots x_n)",
            "Chain rule of probability; " + SHANNON,
        ),
        "gap": Measure(
            "Surprisal − entropy",
            lambda *_: numbers.gap,
            -gap,
            gap,
            f"Sum over the {level}; above 0, more surprising than the model itself expected.",
            r"\sum_i (s_i-H_i)",
            "Radvand et al. 2025, arXiv 2501.02406.",
            scale="diverging",
        ),
    }
    return [
        _metric(key, measure, run, unit, DEFAULT_WINDOW, automatic)
        for key, measure in measures.items()
    ]


def _metric(
    key: str, measure: Measure, run: TextRun, unit: str, window: int, automatic: bool
) -> Metric:
    values = np.asarray(measure.values(run, window), dtype=np.float64)
    low, high = measure.low, measure.high
    if automatic and measure.scale != "rank":
        low, high = _span(values, low, high)
    if measure.power:
        values = series.to_unit(values, unit, power=measure.power)
        low, high = series.to_unit(np.array([low, high]), unit, power=measure.power).tolist()
    return Metric(
        key=key,
        label=f"{measure.label} ({window} tokens)" if key == "window_entropy" else measure.label,
        values=values,
        unit=unit_name(unit, measure.power) if measure.power else measure.unit,
        low=low,
        high=high,
        scale=measure.scale,
        help=measure.help,
        formula=measure.formula,
        source=measure.source,
    )


def _span(values: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Return the least and greatest value, or the given range when there is nothing between."""
    finite = values[np.isfinite(values)]
    if not finite.size or finite.min() == finite.max():
        return low, high
    return float(finite.min()), float(finite.max())
