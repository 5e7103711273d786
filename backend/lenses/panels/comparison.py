"""Panels of two texts: one above the other, and both sides of a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ...derived.alignments import OneText
from ...derived.comparison import Comparison, Sides, difference_of
from ...derived.comparison_tables import span_text
from ...runs.base import Run, TokenizedRun
from ..parcel import pack
from .base import NONE, Area, Panel, Parameters, plain_quantity
from .parameters import whole
from .text import text_parcel

ALIKE = "The two runs share no text, so that nothing can be set against each other."


def chosen(comparison: Comparison, parameters: Parameters, *axes: str) -> str | None:
    """Return the number that is asked for, else the first; None where none has such axes.

    What colours another lens may be no number of this one, so that an unknown name is no mistake.

    Args:
        comparison: of two runs.
        parameters: "number" among them.
        axes: letters that it has to have in the runs.
    """
    names = [name for name in comparison.names if set(axes) <= set(comparison.axes_of(name))]
    wanted = parameters.get("number", "")
    return wanted if wanted in names else next(iter(names), None)


def head_at(comparison: Comparison, parameters: Parameters) -> dict[str, int]:
    """Return the layer and head that are asked for, by the letters of their axes."""
    sizes = {"L": comparison.a.model.layers, "H": comparison.a.model.heads}
    names = {"L": "layer", "H": "head"}
    return {
        letter: whole(parameters, names[letter], 0, size - 1, 0)
        for letter, size in sizes.items()
        if size
    }


def of_text(comparison: Comparison, name: str, parameters: Parameters) -> Sides:
    """Return a number at every place of two texts: of one head, of every depth where it has some.

    Of further axes it is the first place.
    """
    sides = comparison.sides(name, head_at(comparison, parameters))
    letters, a, b = list(sides.axes), sides.a, sides.b
    while len(letters) > 2:
        letter = next(each for each in letters if each not in ("P", "D"))
        axis = letters.index(letter)
        a, b = a.take(0, axis), b.take(0, axis)
        letters.remove(letter)
    if letters[0] == "P" and len(letters) > 1:
        a, b, letters = a.T, b.T, letters[::-1]
    return Sides(sides.name, sides.quantity, tuple(letters), a, b)


@dataclass(frozen=True, kw_only=True)
class Pair(Panel):
    """Two texts one above the other, and between them what they differ by."""

    module: ClassVar[str] = "compare"

    def own_name(self) -> str:
        return "compare"

    def fits(self, run: Run) -> bool:
        return isinstance(run, Comparison) and isinstance(run.meeting, OneText)

    def asks(self) -> tuple[str, ...]:
        return ("layer", "head")

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {"follows": ["head"], "alike": ALIKE}

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        """Header: ``numbers`` and ``differences`` (described), ``at`` by name, ``of_head``, texts.

        Arrays: ``first_a, stop_a, first_b, stop_b`` int32 [P]; ``a:<name>`` and ``b:<name>``
        float32 [P] or, with an axis ``at``, [D, P].
        """
        comparison = comparison_in(run)
        spans = _texts(comparison).places
        first_a, stop_a, first_b, stop_b = spans.T
        header: dict[str, Any] = {
            "numbers": [],
            "differences": [],
            "at": {},
            "of_head": [],
            "heads": [comparison.a.model.layers, comparison.a.model.heads],
            "texts_a": [span_text(_text(comparison.a), *each) for each in spans[:, :2].tolist()],
            "texts_b": [span_text(_text(comparison.b), *each) for each in spans[:, 2:].tolist()],
        }
        arrays = {"first_a": first_a, "stop_a": stop_a, "first_b": first_b, "stop_b": stop_b}
        for name in comparison.names:
            if "T" not in comparison.axes_of(name):
                continue
            sides = of_text(comparison, name, parameters)
            plain = {"name": name, **plain_quantity(sides.quantity)}
            header["numbers"].append(plain)
            header["differences"].append(plain | plain_quantity(difference_of(sides.quantity)))
            if "H" in comparison.axes_of(name):
                header["of_head"].append(name)
            header["at"][name] = sides.axes[0] if len(sides.axes) > 1 else None
            arrays |= {f"a:{name}": sides.a.astype(np.float32)}
            arrays |= {f"b:{name}": sides.b.astype(np.float32)}
        return pack(header, arrays)


@dataclass(frozen=True, kw_only=True)
class BothSides(Panel):
    """What A and B have at the pinned place; its own parcel is the text of B."""

    module: ClassVar[str] = "sides"
    area: Area = "inspector"

    def fits(self, run: Run) -> bool:
        return isinstance(run, Comparison) and isinstance(run.meeting, OneText)

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {"part": "compare", "follows": ["head"], "other": self.name}

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        return text_parcel(_text(comparison_in(run).b))


def comparison_in(run: Run) -> Comparison:
    """Return a run as the comparison it is."""
    assert isinstance(run, Comparison)  # noqa: S101  the lens shows nothing else
    return run


def _texts(comparison: Comparison) -> OneText:
    assert isinstance(comparison.meeting, OneText)  # noqa: S101  ``fits`` has looked
    return comparison.meeting


def _text(run: Run) -> TokenizedRun:
    assert isinstance(run, TokenizedRun)  # noqa: S101  ``fits`` has looked
    return run
