"""What every depth would have said in the place of the pinned token, from the end down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...derived import number
from ...derived.when_it_knew import knew_from
from ...errors import InputError
from ...runs.base import Run
from ...runs.when_it_knew import WhenItKnewRun
from ..parcel import pack
from .base import NONE, Area, Panel, Parameters, described
from .parameters import one_of, whole
from .places import places

if TYPE_CHECKING:
    from ...charts.base import Spec

LENSES = {"linear": "linear lens", "logit": "logit lens"}


@dataclass(frozen=True, kw_only=True)
class Ladder(Panel):
    """The most likely tokens by depth, and the first depth that agrees with the end."""

    module: ClassVar[str] = "ladder"
    area: Area = "inspector"

    def numbers(self) -> tuple[str, ...]:
        return ("kl", "entropy")

    def asks(self) -> tuple[str, ...]:
        return ("token", "lens")

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        values = [{"value": value, "label": label} for value, label in LENSES.items()]
        choice = {"parameter": "lens", "label": "Lens", "values": values}
        return {"follows": ["token"], "choices": [choice]}

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        return pack(*_rows(*_asked(run, parameters)))

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec:
        """Return divergence and entropy by depth; a picture has no room for the tokens."""
        from ...charts.along import Line, along_chart

        of, token, prefix = _asked(run, parameters)
        found = [number(run, prefix + name) for name in ("kl", "entropy")]
        lines = [Line(each.quantity.name, each.values[:, token], each.quantity) for each in found]
        return along_chart(lines, places(run, "D", len(of.kl)), unit, label="At this token")


def _asked(run: Run, parameters: Parameters) -> tuple[WhenItKnewRun, int, str]:
    """Return run, token, and what the names of the chosen lens's numbers begin with."""
    of: Any = run
    token = whole(parameters, "token", 0, len(of) - 1, len(of) - 1)
    lens = one_of(parameters, "lens", tuple(LENSES))
    # The linear lens, unless a run has none and nobody asked for it.
    if lens == "linear" and of.linear_agrees is None:
        if "lens" in parameters:
            raise InputError("This run has no linear lens: measure it again with both lenses.")
        lens = "logit"
    return of, token, "linear_" if lens == "linear" else ""


def _rows(
    run: WhenItKnewRun, token: int, prefix: str
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    def at(name: str) -> np.ndarray:
        return getattr(run, prefix + name)[:, token]

    ids = at("top_ids")
    since = knew_from(getattr(run, f"{prefix}agrees"), len(run))[token]
    known = np.unique(ids[ids >= 0])
    header = {
        "token": token,
        "lens": "linear" if prefix else "logit",
        "label": run.linear_label if prefix else "logit lens",
        "since": None if np.isnan(since) else int(since),
        "came": int(run.token_ids[token]),
        "end": int(run.top_ids[-1, token, 0]),
        "texts": {str(each): run.vocabulary.get(str(each), "") for each in known.tolist()},
        "numbers": [described(run, prefix + name) for name in ("kl", "entropy")],
    }
    arrays = {f"{prefix}{name}": at(name).astype(np.float32) for name in ("kl", "entropy")}
    arrays |= {"ids": ids.astype(np.int32), "logprobs": at("top_logprobs").astype(np.float32)}
    return header, arrays
