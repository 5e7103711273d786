"""One head along a text: its strip, its curve and its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...charts.words import head_name
from ...derived import quantity_of
from ...derived.heads import entropy_ceiling, entropy_floor, repeats, without_first
from ...runs.attention import AttentionRun
from ...runs.base import Run
from ..parcel import pack
from .base import NONE, Area, Panel, Parameters, described
from .heads import MEASURES, head_rows, hidden_first
from .parameters import head_of
from .places import places
from .ranges import ends

if TYPE_CHECKING:
    from ...charts.base import Spec

PART = "head"
ASKS = ("layer", "head", "first")
FOLLOWS = ["head", "first"]


class HeadPanel(Panel):
    """Base of the panels of one head: they draw from one parcel."""

    def asks(self) -> tuple[str, ...]:
        return ASKS

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        of: Any = run
        layer, head = head_of(of, parameters)
        hide = hidden_first(parameters)
        rows = head_rows(of, (layer, head), hide=hide)
        limits = _limits(of, (layer, head), hide=hide)
        header = {
            "layer": layer,
            "head": head,
            "name": head_name(layer, head),
            "reason": of.reasons.get(str(layer), ""),
            "numbers": [described(run, name) for name in (*rows, *limits)],
            "lines": [
                {"name": "entropy", "style": "line"},
                *({"name": name, "style": name} for name in limits),
            ],
            "bands": [],
            "zero": True,
        }
        values = {name: each.astype(np.float32) for name, each in {**rows, **limits}.items()}
        return pack(header, {**values, "repeats": repeats(of).astype(np.uint8)})


def _limits(run: AttentionRun, at: tuple[int, int], *, hide: bool) -> dict[str, np.ndarray]:
    """Return the most, and where all weights count the least, that the entropy can be; [T]."""
    if hide:
        return {"ceiling": without_first(run, at)[1]}
    return {"ceiling": entropy_ceiling(run, at), "floor": entropy_floor(run, at)}


@dataclass(frozen=True, kw_only=True)
class HeadRows(HeadPanel):
    """The numbers of the chosen head at the pinned token, and its means.

    Attributes:
        words: by name.
    """

    module: ClassVar[str] = "facts"
    area: Area = "inspector"
    words: Mapping[str, str] = field(default_factory=dict)

    def own_name(self) -> str:
        return PART

    def numbers(self) -> tuple[str, ...]:
        return (*MEASURES, "outside_mass")

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        quantities = {
            name: quantity_of(run_type, name) for name in (*self.numbers(), "spectral_norm")
        }
        figures = [
            {"name": name, "label": each.name, "help": each.help}
            for name, each in quantities.items()
        ]
        return {"head": True, "follows": FOLLOWS, "figures": figures, "words": dict(self.words)}


@dataclass(frozen=True, kw_only=True)
class HeadStrip(HeadPanel):
    """The text, every token coloured by where the chosen head looked from it."""

    module: ClassVar[str] = "strip"
    colours: tuple[str, ...] = MEASURES

    def numbers(self) -> tuple[str, ...]:
        return self.colours

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {
            "part": PART,
            "head": True,
            "follows": FOLLOWS,
            "links": True,
            "at": "",
            "place": 0,
            "tokens": list(self.colours),
            "pieces": [],
        }

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec:
        from ...charts.strip import strip_chart

        of: Any = run
        at = head_of(of, parameters)
        values = head_rows(of, at, hide=hidden_first(parameters))[self.colours[0]]
        quantity = quantity_of(run, self.colours[0])
        _, high = ends(quantity, values, spread=True)
        return strip_chart(of.tokens, values, quantity, unit, high=high)


@dataclass(frozen=True, kw_only=True)
class HeadCurve(HeadPanel):
    """The entropy of the chosen head along the text, and the limits that it lies between."""

    module: ClassVar[str] = "timeline"
    area: Area = "timeline"

    def own_name(self) -> str:
        return "along_head"

    def caption(self, run: Run) -> str:
        of: Any = run
        return f"{self.title} of {head_name(*head_of(of, NONE))}"

    def numbers(self) -> tuple[str, ...]:
        return ("entropy", "ceiling", "floor")

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {"part": PART, "head": True, "follows": FOLLOWS, "window": None}

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec:
        from ...charts.along import Line, along_chart

        of: Any = run
        at, hide = head_of(of, parameters), hidden_first(parameters)
        entropy = head_rows(of, at, hide=hide)["entropy"]
        lines = [Line(head_name(*at), entropy, quantity_of(run, "entropy"))]
        for name, values in _limits(of, at, hide=hide).items():
            quantity = quantity_of(run, name)
            style = "floor" if name == "floor" else "ceiling"
            lines.append(Line(quantity.name, values, quantity, style))
        return along_chart(lines, places(run, "T", len(entropy)), unit, label="Entropy")
