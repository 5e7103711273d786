"""Mirostat at work: its target, what steers its cut, and how surprising its tokens were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ....derived.feedback import Steered, steered
from ....quantities import Quantity
from ....runs.base import Run
from ....runs.trajectories import TrajectoryRun
from ..base import Area, Panel

if TYPE_CHECKING:
    from ....charts.along import Line, Style
    from ....charts.base import Spec

BAND = (10, 90)
SURPRISE = Quantity("Surprise", "S", high=14, digits=2)


@dataclass(frozen=True, kw_only=True)
class Feedback(Panel):
    """μ, surprise and τ along the steps, of every sampler that steers."""

    module: ClassVar[str] = "chart"
    title: str = "μ and τ"
    area: Area = "timeline"
    read: str = (
        "Dots: the surprise of each token. Line: μ, which steers the cut. Dashed: the target τ. "
        "After a token more surprising than τ the cut sinks and fewer tokens are kept; after a "
        "dull one it rises, so the mean surprise settles near τ. Several seeds: their mean, and "
        "the band that holds 80 % of μ."
    )

    @property
    def name(self) -> str:
        return "feedback"

    def options(self) -> dict[str, Any]:
        return {"cursor": "step"}

    def chart(self, run: Run, unit: str) -> Spec | None:
        """Return the chart; None for a run without a sampler that steers."""
        from ....charts.along import along_chart
        from ....charts.base import Places

        assert isinstance(run, TrajectoryRun)  # noqa: S101
        found = steered(run)
        steps = int(run.lengths.max())
        if not found or not steps:
            return None
        lines = [line for each in found for line in _lines(run, each, steps)]
        places = Places("step", [str(each) for each in range(steps)], "step")
        return along_chart(lines, places, unit, label="Surprise")


def _lines(run: TrajectoryRun, of: Steered, steps: int) -> list[Line]:
    from ....charts.along import Line

    label = run.labels[of.sampler]
    running = np.isfinite(of.surprise[:, :steps]).sum(0)
    texts = [f"mean of {each}" if each > 1 else "" for each in running.tolist()]
    mu = of.mu[:, :steps]
    low, high = _band(mu) if len(mu) > 1 else (None, None)

    def line(
        what: str, values: np.ndarray, style: Style, **more: np.ndarray | Sequence[str] | None
    ) -> Line:
        return Line(f"{label}: {what}", values, SURPRISE, style, **more)  # type: ignore[reportArgumentType]

    return [
        line("μ", _mean(mu), "line", low=low, high=high, texts=texts),
        line("surprise", _mean(of.surprise[:, :steps]), "dots", texts=texts),
        line("mean surprise so far", _mean(of.running_mean[:, :steps]), "line", texts=texts),
        line("τ", np.full(steps, of.target), "floor"),
    ]


def _mean(values: np.ndarray) -> np.ndarray:
    """Return means over the seeds that still run, [N]; NaN where none does."""
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(0)
    return np.divide(total, known.sum(0), out=np.full(total.shape, np.nan), where=known.any(0))


def _band(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 10th and 90th percentile over the seeds that still run, [N] each."""
    found = np.full((2, values.shape[1]), np.nan)
    steps = np.isfinite(values).any(0)
    known = np.where(np.isfinite(values), values, np.nan)[:, steps]
    found[:, steps] = np.nanpercentile(known, BAND, axis=0) if steps.any() else 0
    return found[0], found[1]
