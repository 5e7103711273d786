"""What the browser is given to draw a strip: the text once, its numbers once, links once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np

from backend.runs.base import TokenizedRun
from backend.runs.text import TextRun
from components import palette
from components.token_strip.parcel import pack

Scale = Literal["sequential", "diverging", "rank"]
RANK_BOUNDS = (10, 100, 1000)
SHARPEST_LINK = 255


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
        colours: "viridis" or "cividis", for a scale that is not diverging.
    """

    key: str
    label: str
    values: np.ndarray = field(repr=False)
    unit: str = ""
    low: float = 0.0
    high: float = 1.0
    scale: Scale = "sequential"
    help: str = ""
    colours: Literal["viridis", "cividis"] = "viridis"

    @property
    def palette(self) -> str:
        return "diverging" if self.scale == "diverging" else self.colours


@dataclass(frozen=True, eq=False)
class Links:
    """Weights from tokens to other tokens, such as one attention head's.

    Attributes:
        weights: float [R, T], 0 to 1; row r tells how much token ``rows[r]`` looks at each token.
        rows: int [R], the tokens that have a row; None means the first R.
        label: what a weight is, for people.
    """

    weights: np.ndarray = field(repr=False)
    rows: np.ndarray | None = field(default=None, repr=False)
    label: str = "attention weight"


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


_TEXTS: WeakKeyDictionary[TokenizedRun, bytes] = WeakKeyDictionary()


def text_parcel(run: TokenizedRun) -> bytes:
    """Return the tokens of ``run`` and, of a text run, what the model expected in their places."""
    if run not in _TEXTS:
        _TEXTS[run] = _pack_text(run)
    return _TEXTS[run]


def numbers_parcel(run: TokenizedRun, metrics: Sequence[Metric], spans: np.ndarray | None) -> bytes:
    """Return all values to show, those to colour by first, and the palettes they use."""
    shown = [*metrics, *_told_by_the_run(run, metrics)] if spans is None else list(metrics)
    per_token = [_per_token(metric, spans, len(run)) for metric in shown]
    arrays = {
        "values": np.stack([each.astype(np.float32) for each in per_token]),
        "colours": np.stack(
            [
                colour_index(Metric(**{**vars(metric), "values": values}))
                for metric, values in zip(metrics, per_token, strict=False)
            ]
        ),
    }
    if spans is not None:
        arrays["spans"] = spans.astype(np.int32)
    for name in {metric.palette for metric in metrics}:
        arrays[f"palette:{name}"] = _with_ink(palette.lookup(name))
    header = {"metrics": [_described(metric) for metric in shown], "colourable": len(metrics)}
    return pack(header, arrays)


def links_parcel(links: Links, length: int) -> bytes:
    """Return the weights as one byte each, on a square-root scale: for the picture only."""
    weights = np.nan_to_num(np.asarray(links.weights, dtype=np.float32), copy=False)
    rows = np.arange(len(weights)) if links.rows is None else np.asarray(links.rows)
    shades = np.rint(np.sqrt(np.clip(weights, 0.0, 1.0)) * SHARPEST_LINK).astype(np.uint8)
    row_of = np.full(length, -1, dtype=np.int32)
    row_of[rows] = np.arange(len(rows))
    return pack({"label": links.label}, {"shades": shades, "row_of": row_of})


def _pack_text(run: TokenizedRun) -> bytes:
    header: dict[str, object] = {"tokens": run.tokens, "characters": _characters(run)}
    arrays = {
        "ids": run.token_ids.astype(np.int32),
        "groups": run.groups.astype(np.int32),
        "special": run.special.astype(np.uint8),
    }
    if isinstance(run, TextRun):
        expected, place = np.unique(run.top_ids, return_inverse=True)
        header["expected"] = [run.vocabulary.get(str(each), "") for each in expected.tolist()]
        header["vocabulary_size"] = run.model.vocab_size
        arrays |= {
            "expected_ids": expected.astype(np.int32),
            "top": place.astype(np.uint16 if expected.size < 65_536 else np.uint32),
            "top_logprobs": run.top_logprobs.astype(np.float32),
            "surprisal": run.surprisal.astype(np.float32),
            "rank": run.rank.astype(np.float32),
        }
    return pack(header, arrays)


def _characters(run: TokenizedRun) -> dict[int, str]:
    """Return the whole character of every group of several pieces, by its first piece."""
    first = np.flatnonzero(np.diff(run.groups, prepend=run.groups[:1] - 1))
    last = np.append(first[1:], len(run)) - 1
    several = last > first
    return {
        int(start): run.text[run.offsets[start, 0] : run.offsets[end, 1]]
        for start, end in zip(first[several], last[several], strict=True)
    }


def _told_by_the_run(run: TokenizedRun, metrics: Sequence[Metric]) -> list[Metric]:
    """Return the numbers that every card shows and that ``metrics`` does not hold already."""
    if not isinstance(run, TextRun):
        return []
    given = {metric.key: metric for metric in metrics}
    surprisal = given.get("surprisal") or Metric("surprisal", "Surprisal", run.surprisal, "nats")
    told = [
        Metric("probability", "Probability", 100 * np.exp(-run.surprisal), "%", 0, 100),
        Metric("log_probability", "Log-probability", -np.asarray(surprisal.values), surprisal.unit),
        Metric("rank", "Rank", run.rank, scale="rank"),
    ]
    return [metric for metric in told if metric.key not in given]


def _per_token(metric: Metric, spans: np.ndarray | None, length: int) -> np.ndarray:
    values = np.asarray(metric.values, dtype=np.float64)
    if values.shape == (length,):
        return values
    if spans is None:
        message = f"{metric.label}: {values.size:,} values for {length:,} tokens and no spans."
        raise ValueError(message)
    return values[spans]


def _described(metric: Metric) -> dict[str, object]:
    described: dict[str, object] = {
        name: getattr(metric, name) for name in ("key", "label", "unit", "scale", "help", "palette")
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
