"""Numbers to colour tokens by: their range and scale, and their way to the browser."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from .. import palette

Scale = Literal["sequential", "diverging", "rank"]
RANK_BOUNDS = (10, 100, 1000)


@dataclass(frozen=True, eq=False)
class Metric:
    """One number per token (or per span), with all that is needed to colour by it and to name it.

    Attributes:
        key: a short name, unique among the metrics of a strip.
        label: for people.
        values: float [T] or one per span; in ``unit``; NaN shows as "–". With the unit "%",
            values run from 0 to 100.
        unit: of the values, empty for a plain count.
        low, high: the fixed range of the colours. Values outside are clipped and marked so.
        scale: "sequential"; "diverging", centred at 0; or "rank", four classes: up to 10, 100,
            1,000 and above.
        help: one sentence on what the number means.
        formula: in LaTeX.
        source: where the measure comes from.
        colours: "viridis" or "cividis", for a scale that is not diverging.
        subject: what the number of a token is about; completes "Colour on a token describes …",
            which the legend says at the level of tokens.
        missing: what it means that a token has no number.
    """

    key: str
    label: str
    values: np.ndarray = field(repr=False)
    unit: str = ""
    low: float = 0.0
    high: float = 1.0
    scale: Scale = "sequential"
    help: str = ""
    formula: str = ""
    source: str = ""
    colours: Literal["viridis", "cividis"] = "viridis"
    subject: str = "the distribution that predicted it"
    missing: str = "no prediction"

    @property
    def palette(self) -> str:
        return "diverging" if self.scale == "diverging" else self.colours


def colour_index(metric: Metric) -> np.ndarray:
    """Return the place of every value in the 256 colours of the metric's palette.

    Returns:
        uint8 [n]; 0 where the value is NaN, which has no colour. A diverging scale puts 0 in the
        middle, and the larger of ``|low|`` and ``|high|`` at the end.
    """
    values = np.asarray(metric.values, dtype=np.float64)
    if metric.scale == "rank":
        share = np.searchsorted(RANK_BOUNDS, values) / len(RANK_BOUNDS)
    elif metric.scale == "diverging":
        share = (1 + values / max(abs(metric.low), abs(metric.high))) / 2
    else:
        share = (values - metric.low) / (metric.high - metric.low)
    share = np.where(np.isnan(values), 0.0, np.clip(share, 0.0, 1.0))
    return np.rint(share * (palette.ENTRIES - 1)).astype(np.uint8)


def numbers(
    metrics: Sequence[Metric], also: Sequence[Metric] = ()
) -> tuple[dict[str, object], dict[str, np.ndarray]]:
    """Return header and arrays of a parcel with the values of ``metrics``, all of one shape.

    Args:
        metrics: what can be coloured by.
        also: what is only shown.
    """
    shown = [*metrics, *also]
    arrays = {
        "values": np.stack([np.ravel(each.values).astype(np.float32) for each in shown]),
        "colours": np.stack([colour_index(each).ravel() for each in metrics]),
    }
    for name in sorted({metric.palette for metric in metrics}):
        arrays[f"palette:{name}"] = _with_ink(palette.lookup(name))
    return {"metrics": [_described(each) for each in shown], "colourable": len(metrics)}, arrays


def spread(metric: Metric, spans: np.ndarray | None, length: int) -> Metric:
    """Return ``metric`` with one value per token, where it has one per span.

    Raises:
        ValueError: when the values fit neither the ``length`` tokens nor the spans.
    """
    values = np.asarray(metric.values, dtype=np.float64)
    if values.shape == (length,):
        return metric
    if spans is None:
        message = f"{metric.label}: {values.size:,} values for {length:,} tokens and no spans."
        raise ValueError(message)
    return replace(metric, values=values[spans])


def _described(metric: Metric) -> dict[str, object]:
    described: dict[str, object] = {
        name: getattr(metric, name)
        for name in ("key", "label", "unit", "scale", "help", "palette", "subject", "missing")
    }
    finite = np.asarray(metric.values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    reach = max(abs(metric.low), abs(metric.high))
    low, high = (-reach, reach) if metric.scale == "diverging" else (metric.low, metric.high)
    clipped = {
        "below": bool(finite.size and finite.min() < low and not math.isclose(finite.min(), low)),
        "above": bool(finite.size and finite.max() > high and not math.isclose(finite.max(), high)),
    }
    return described | {"low": float(low), "high": float(high)} | clipped


def _with_ink(colours: np.ndarray) -> np.ndarray:
    """Return uint8 [256, 4]: red, green, blue, and 1 where text on the colour is to be black."""
    return np.column_stack([colours, palette.wants_black(colours).astype(np.uint8)])
