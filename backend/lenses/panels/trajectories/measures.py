"""Every text in a few numbers, and the texts placed by how varied and how likely they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ....derived.trajectory_text import MEASURES, TextMeasures, text_measures
from ....derived.trajectory_texts import row_label
from ....runs.base import Run
from ....runs.trajectories import TrajectoryRun
from ...parcel import pack
from ..base import Area, Panel, Parameters, plain_quantity

if TYPE_CHECKING:
    from ....charts.base import Spec

ENDINGS = {"length": "all steps", "end": "its own end", "stop": "stop string", "stopped": "stopped"}


@dataclass(frozen=True, kw_only=True)
class TextMeasuresTable(Panel):
    """One line a text."""

    module: ClassVar[str] = "table"
    title: str = "Measures"
    area: Area = "timeline"
    read: str = "Each text in a few numbers; click a line to go to its row."

    @property
    def name(self) -> str:
        return "table_measures"

    def options(self) -> dict[str, Any]:
        return {"filter": False, "levels": False, "empty": "No step was decoded."}

    def parcel(self, run: Run, parameters: Parameters) -> bytes:
        """Return the table; columns about a target only where a sampler has one."""
        assert isinstance(run, TrajectoryRun)  # noqa: S101
        found = text_measures(run)
        columns = {name: _column(found, name) for name in MEASURES}
        if np.isnan(columns["target"]).all():
            del columns["target"], columns["target_error"]
        if len(run.request.seeds) == 1:
            del columns["similarity"]
        header = {
            "rows": len(found),
            "columns": [
                {"name": "text", "label": "Text of", "kind": "text", "quantity": None,
                 "digits": None, "heat": False, "pinned": True},
                {"name": "tokens", "label": "Tokens", "kind": "number", "quantity": None,
                 "digits": 0, "heat": False, "pinned": False},
                {"name": "ending", "label": "Ended by", "kind": "text", "quantity": None,
                 "digits": None, "heat": False, "pinned": False},
                *(_described(name) for name in columns),
                {"name": "row", "label": "", "kind": "number", "quantity": None, "digits": 0,
                 "heat": False, "pinned": False, "hidden": True},
            ],
            "texts": {
                "text": [row_label(run, each.sampler, each.seed) for each in found],
                "ending": [ENDINGS[run.endings[each.sampler][each.seed]] for each in found],
            },
            "sort": None,
            "act": {"state": "row", "of": "row"},
            "csv": None,
        }  # fmt: skip
        whole = {
            "tokens": np.array([each.tokens for each in found], np.float32),
            "row": np.arange(len(found), dtype=np.float32),
        }
        return pack(header, {**whole, **columns})


@dataclass(frozen=True, kw_only=True)
class Variety(Panel):
    """How varied against how likely, a dot a text."""

    module: ClassVar[str] = "chart"
    title: str = "Variety"
    area: Area = "timeline"
    read: str = (
        "Right: the model finds its own text harder. Up: fewer repetitions. A small k falls to the "
        "lower left (boredom), wild sampling drifts to the right (confusion). Small: single texts; "
        "large: the mean of a sampler's seeds."
    )

    @property
    def name(self) -> str:
        return "variety"

    def options(self) -> dict[str, Any]:
        return {"cursor": "row"}

    def chart(self, run: Run, unit: str) -> Spec | None:
        """Return the scatter; None where no text is long enough."""
        from ....charts.against import Of, against_chart
        from ....charts.base import Places

        assert isinstance(run, TrajectoryRun)  # noqa: S101
        found = text_measures(run)
        perplexity, pairs = (_column(found, each) for each in ("perplexity", "distinct_2"))
        known = np.isfinite(perplexity) & np.isfinite(pairs)
        if not known.any():
            return None
        labels = [row_label(run, each.sampler, each.seed) for each in found]
        # The axis of variety fits: texts that repeat little differ by a few percent.
        least = float(np.floor(10 * pairs[known].min() - 0.5) / 10)
        return against_chart(
            _fitting(Of, perplexity, known),
            Of(pairs, MEASURES["distinct_2"], low=max(0.0, least), high=1.0),
            Places("text", labels, "row", counted=False),
            unit,
            groups=[run.labels[each.sampler] for each in found],
        )


def _fitting(of: Any, perplexity: np.ndarray, known: np.ndarray) -> Any:
    ends = float(perplexity[known].min()), float(perplexity[known].max())
    return of(perplexity, MEASURES["perplexity"], low=0.9 * ends[0], high=1.1 * ends[1])


def _column(found: list[TextMeasures], name: str) -> np.ndarray:
    if name == "milliseconds":
        return np.array([1000 * each.seconds_per_token for each in found], np.float32)
    return np.array([getattr(each, name) for each in found], np.float32)


def _described(name: str) -> dict[str, Any]:
    quantity = MEASURES[name]
    return {
        "name": name,
        "label": quantity.name,
        "kind": "number",
        "quantity": {"name": name, **plain_quantity(quantity)},
        "digits": None,
        "heat": name in ("perplexity", "repeated_4"),
        "pinned": False,
    }
