"""The texts of all samplers as rows of coloured tokens."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ....derived import number
from ....derived.trajectory_texts import pieces, reference_sampler
from ....runs.base import Run
from ....runs.trajectories import MAX_ROWS, MAX_SAMPLERS, TrajectoryRun
from ...parcel import pack
from ..base import NONE, Panel, Parameters, described
from ..parameters import check_names, one_of
from .presets import PRESETS

if TYPE_CHECKING:
    from ....charts.base import Spec

NUMBERS = (
    *("entropy", "surprisal", "final_entropy", "kept", "kept_mass", "drawn_probability"),
    *("kl", "rank", "varentropy"),
)
JUMPS = {
    "Most unsure": "entropy",
    "Biggest surprise": "surprisal",
    "Biggest change": "kl",
}
LINKS = 4
"""Samplers one after the other that a row can be given; more come with a run only."""


@dataclass(frozen=True, kw_only=True)
class SamplerRows(Panel):
    """One row a sampler: its knob, its text step by step, and its curve; with a player."""

    module: ClassVar[str] = "samplers"
    title: str = "The texts, step by step"
    read: str = (
        "One row a sampler. Click a token to open its step; rows are the same up to the mark ⑂, "
        "where a row first goes another way than the one it is compared with."
    )

    def numbers(self) -> tuple[str, ...]:
        return NUMBERS

    def asks(self) -> tuple[str, ...]:
        return ("number",)

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {
            "most": {"samplers": MAX_SAMPLERS, "rows": MAX_ROWS, "links": LINKS},
            "jumps": [{"label": label, "of": of} for label, of in JUMPS.items()],
            "presets": [
                {"title": each.title, "text": each.text, "samplers": plain_plans(each.plans)}
                for each in PRESETS
            ],
        }

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        """Return tokens, as places in ``vocabulary``, and numbers [M, S, steps] of all rows."""
        assert isinstance(run, TrajectoryRun)  # noqa: S101
        check_names(parameters, self.asks())
        stop = int(run.lengths.max())
        done = np.arange(stop) < run.lengths[:, :, None]
        ids = run.token_ids[:, :, :stop]
        used = np.unique(ids[done])
        arrays = {
            "lengths": run.lengths.astype(np.int32),
            "ids": used.astype(np.int32),
            "tokens": np.where(done, np.searchsorted(used, ids), 0).astype(np.uint32),
        }
        for name in NUMBERS:
            values = number(run, name).values[:, :, :stop].astype(np.float32)
            arrays[name] = np.where(done, values, np.float32(np.nan))
        header = {
            **self._about(run),
            "steps": stop,
            "vocabulary": [run.token(each) for each in used.tolist()],
            "special": [each for each, one in enumerate(used.tolist()) if one in run.special_ids],
            "pieces": self._pieces(run),
            "numbers": [described(run, name) for name in NUMBERS],
        }
        return pack(header, arrays)

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec | None:
        """Return the texts of the first seed one below the other; None where nothing was decoded.

        They are coloured by the ``number`` that is asked for.
        """
        from ....charts.strip import strip_chart

        assert isinstance(run, TrajectoryRun)  # noqa: S101
        found = number(run, one_of(parameters, "number", NUMBERS))
        if not run.lengths[:, 0].any():
            return None
        tokens: list[str] = []
        values: list[float] = []
        for sampler, label in enumerate(run.labels):
            length = int(run.lengths[sampler, 0])
            ids = run.token_ids[sampler, 0, :length].tolist()
            tokens += [f"{label}: ", *(run.token(each).replace("\n", "↵") for each in ids), "\n"]
            values += [np.nan, *found.values[sampler, 0, :length].tolist(), np.nan]
        return strip_chart(tokens, np.array(values), found.quantity, unit)

    def _about(self, run: TrajectoryRun) -> dict[str, Any]:
        request = run.request
        origin = request.origin
        return {
            "key": request.key,
            "labels": run.labels,
            "samplers": plain_plans(request.samplers),
            "seeds": list(request.seeds),
            "asked": request.steps,
            "endings": run.endings,
            "stopped": run.stopped,
            "penalty": request.repetition_penalty,
            "compared": run.compare_count is not None,
            "reference": reference_sampler(run),
            "prompt": run.prompt_text[-60:],
            "prefix": [run.token(each) for each in request.prefix_ids],
            "prefix_ids": list(request.prefix_ids),
            "origin": None if origin is None else asdict(origin),
        }

    def _pieces(self, run: TrajectoryRun) -> list[list[Any]]:
        """Return row, step, character and part of the tokens that are no whole character."""
        seeds = len(run.request.seeds)
        return [
            [row, step, piece.text, piece.part]
            for row in range(len(run.labels) * seeds)
            for step, piece in pieces(run, *divmod(row, seeds)).items()
        ]


def plain_plans(plan_list: Any) -> list[list[dict[str, Any]]]:
    """Return plans ready for JSON."""
    return [
        [{"name": each.name, "parameters": dict(each.parameters)} for each in plan]
        for plan in plan_list
    ]
