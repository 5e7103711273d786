"""The numbers a text run can be coloured by; a new one is one entry in ``MEASURES``.

Colour ranges are fixed, so that two texts can be compared: entropy 0 to 7 nats (10 bits) covers all
but near-uniform guesses over 50,000 tokens, surprisal twice that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backend.runs import series, spans
from backend.runs.text import TextRun
from components.token_strip import Metric, Scale

DEFAULT_WINDOW = 5


@dataclass(frozen=True)
class Measure:
    """How one number is made from a text run.

    Attributes:
        values: of a run and a window width, float [T]; information in nats.
        low, high: of the colours, in nats where ``power`` is not 0.
        power: 1 for information, 2 for its square, 0 for what has no such unit.
        unit: shown when ``power`` is 0.
    """

    label: str
    values: Callable[[TextRun, int], np.ndarray]
    low: float
    high: float
    help: str
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
    ),
    "surprisal": Measure(
        "Surprisal",
        lambda run, _: run.surprisal,
        0,
        14,
        "How unexpected this token was: −log of its probability.",
    ),
    "gap": Measure(
        "Surprisal − entropy",
        lambda run, _: series.gap(run),
        -7,
        7,
        "Above 0: more surprising than the model itself expected to be surprised here.",
        scale="diverging",
    ),
    "varentropy": Measure(
        "Varentropy",
        lambda run, _: run.varentropy,
        0,
        14,
        "Variance of surprisal under the model: high when it weighs a favourite against many.",
        power=2,
    ),
    "probability": Measure(
        "Probability",
        lambda run, _: 100 * series.probability(run),
        0,
        100,
        "What the model gave this token before it saw it.",
        power=0,
        unit="%",
    ),
    "rank": Measure(
        "Rank",
        lambda run, _: run.rank,
        1,
        1000,
        "Place of this token among all, the most likely first: 1.",
        power=0,
        scale="rank",
    ),
    "window_entropy": Measure(
        "Window entropy",
        lambda run, width: series.window_mean(run.entropy, width),
        0,
        7,
        "Mean entropy of this token and those after it, as many as the window is wide.",
    ),
    "effective_choices": Measure(
        "Effective choices",
        lambda run, _: series.effective_choices(run.entropy),
        1,
        100,
        "exp(entropy): as many equally likely tokens would be as uncertain.",
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
        ),
        "peak_entropy": Measure(
            "Peak entropy",
            lambda *_: numbers.peak_entropy,
            0,
            entropy,
            f"The largest entropy among the tokens of the {level}.",
        ),
        "surprisal": Measure(
            "Surprisal",
            lambda *_: numbers.surprisal,
            0,
            surprisal,
            f"Of the {level} as a whole: the sum over its tokens.",
        ),
        "gap": Measure(
            "Surprisal − entropy",
            lambda *_: numbers.gap,
            -gap,
            gap,
            f"Sum over the {level}; above 0, more surprising than the model itself expected.",
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
        label=f"{measure.label} (window of {window})" if key == "window_entropy" else measure.label,
        values=values,
        unit=unit_name(unit, measure.power) if measure.power else measure.unit,
        low=low,
        high=high,
        scale=measure.scale,
        help=measure.help,
    )


def _span(values: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Return the least and greatest value, or the given range when there is nothing between."""
    finite = values[np.isfinite(values)]
    if not finite.size or finite.min() == finite.max():
        return low, high
    return float(finite.min()), float(finite.max())
