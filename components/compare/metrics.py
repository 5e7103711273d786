"""The difference of two text runs as numbers for the strip, charts and table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from backend.derived import series
from backend.derived.align import Alignment
from backend.derived.compare import TextComparison
from backend.runs import TextRun

from ..plain import numbered_label
from ..token_strip import Metric

LABELS = {"surprisal": "Surprisal", "entropy": "Entropy", "varentropy": "Varentropy"}
POWER = {"surprisal": 1, "entropy": 1, "varentropy": 2}
# Nats at which the colours of a difference end.
ENDS = {"surprisal": 3.0, "entropy": 1.5, "varentropy": 6.0}


def unit_of(measure: str, unit: str) -> str:
    """Return the name of the unit of a measure."""
    return unit if POWER[measure] == 1 else f"{unit}²"


def span_of_token(run: TextRun, alignment: Alignment) -> tuple[np.ndarray, np.ndarray]:
    """Return which piece of the strip every token of run A belongs to.

    Returns:
        int32 [T], non-decreasing from 0; and int64 [pieces], the span of the alignment that each
        piece is, −1 for tokens outside all spans, each a piece by itself.
    """
    span = np.full(len(run), -1)
    for number, (first, stop) in enumerate(alignment.a):
        span[first:stop] = number
    begins = np.concatenate([[True], (span[1:] != span[:-1]) | (span[1:] < 0)])
    return (np.cumsum(begins) - 1).astype(np.int32), span[begins]


def difference_metrics(
    comparison: TextComparison, pieces: np.ndarray, unit: str, *, automatic: bool
) -> list[Metric]:
    """Return one diverging metric a measure: B − A for every piece of the strip.

    Args:
        comparison: of two text runs.
        pieces: from ``span_of_token``.
        unit: "nats" or "bits".
        automatic: let the colours span the values instead of the fixed range.
    """
    return [_metric(comparison, pieces, name, unit, automatic) for name in LABELS]


def _metric(
    comparison: TextComparison, pieces: np.ndarray, measure: str, unit: str, automatic: bool
) -> Metric:
    difference = np.append(comparison.difference(measure), np.nan)[pieces]
    finite = np.abs(difference[np.isfinite(difference)])
    end = ENDS[measure]
    if automatic and finite.size and finite.max() > 0:
        end = float(finite.max())
    values = series.to_unit(np.append(difference, end), unit, power=POWER[measure])
    return Metric(
        key=measure,
        label=f"{LABELS[measure]}, B − A",
        values=values[:-1],
        unit=unit_of(measure, unit),
        low=-float(values[-1]),
        high=float(values[-1]),
        scale="diverging",
        help="Above 0: larger in B. Summed over the span where a span has several tokens.",
        subject="what B makes of it against A",
        missing="not in both runs, or without a prediction",
    )


def span_frame(a: TextRun, comparison: TextComparison, unit: str) -> pd.DataFrame:
    """Return one row a common span, information in ``unit``."""
    alignment = comparison.alignment
    columns: dict[str, object] = {
        "token": alignment.a[:, 0],
        "text": [
            numbered_label(first, text)
            for first, text in zip(alignment.a[:, 0].tolist(), alignment.texts, strict=True)
        ],
    }
    for measure in LABELS:
        power = POWER[measure]
        for side, values in (("A", comparison.a), ("B", comparison.b)):
            columns[f"{measure} {side}"] = series.to_unit(values[measure], unit, power=power)
        columns[f"{measure} B − A"] = series.to_unit(
            comparison.difference(measure), unit, power=power
        )
    return pd.DataFrame(columns)
