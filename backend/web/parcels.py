"""The parts of a run that a browser fetches: the text, what a panel draws from, its chart."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from ..lenses import LENSES
from ..lenses.panels.text import text_parcel
from ..lenses.parcel import MEDIA_TYPE, pack
from ..runs.base import Run, TokenizedRun
from .source import Parcel

TEXT = "text"
ARRAY = "array"
CHART = ".vl.json"


def run_parcel(run: Run, part: str, parameters: Mapping[str, str]) -> Parcel | None:
    """Return a part of a run, None where there is none of that name.

    Args:
        run: of any kind.
        part: "text"; the name of a panel of the run's lens; or that name and ``.vl.json`` for its
            chart as a Vega-Lite specification.
        parameters: of the panel; of a chart, the ``unit``: "nats" or "bits".

    Raises:
        InputError: a parameter is of no use.
    """
    if part == TEXT:
        return Parcel(text_parcel(run), MEDIA_TYPE) if isinstance(run, TokenizedRun) else None
    panel = LENSES[run.kind].panel(part.removesuffix(CHART)) if run.kind in LENSES else None
    if panel is None:
        return None
    if not part.endswith(CHART):
        return Parcel(panel.parcel(run, parameters), MEDIA_TYPE)
    chart = panel.chart(run, parameters.get("unit", "nats"))
    if chart is None:
        return None
    written = json.dumps(chart.to_dict(), separators=(",", ":"))
    return Parcel(written.encode(), "application/json")


def array_parcel(array: np.ndarray, part: str) -> Parcel | None:
    """Return an array that was computed on demand, such as an attention pattern, as "array"."""
    return Parcel(pack({}, {ARRAY: array}), MEDIA_TYPE) if part == ARRAY else None
