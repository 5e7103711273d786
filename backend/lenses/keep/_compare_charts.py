"""Charts of two runs: both along the text, one against the other, divergence, heads, samplers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.places import Places
from ...charts.words import numbered, one_line
from ...derived.alignments import OneText, SameRows, SameSamplers
from ...derived.comparison import Comparison, Sides, difference_of
from ...derived.comparison_tables import span_text
from ...runs.base import Run, TokenizedRun
from ...runs.divergence import JS, KL_AB, KL_BA
from ..panels.base import Parameters
from ..panels.comparison import chosen, of_text
from ..panels.parameters import switch
from ..panels.places import places as places_along
from ..panels.ranges import ends

if TYPE_CHECKING:
    from ...charts.base import Spec


def is_of_texts(run: Run) -> bool:
    """Tell whether a comparison is of two texts."""
    return isinstance(run, Comparison) and isinstance(run.meeting, OneText)


def has_scatter(run: Run) -> bool:
    """Tell whether a comparison is of texts or data sets."""
    return isinstance(run, Comparison) and isinstance(run.meeting, OneText | SameRows)


def has_samplers(run: Run) -> bool:
    """Tell whether a comparison is of samplers."""
    return isinstance(run, Comparison) and isinstance(run.meeting, SameSamplers)


def has_heads(run: Run) -> bool:
    """Tell whether a comparison has numbers of heads."""
    return isinstance(run, Comparison) and chosen(run, {}, "L", "H") is not None


def has_divergence(run: Run) -> bool:
    """Tell whether predictions of two texts can be set against each other."""
    return isinstance(run, Comparison) and run.a.kind == "text"


def has_depths(run: Run) -> bool:
    """Tell whether a comparison has numbers along layers or depths and nothing else."""
    return isinstance(run, Comparison) and _profile(run, {}) is not None


def curves(comparison: Comparison, unit: str, parameters: Parameters) -> Spec | None:
    """Return the chosen number of A and B along the places of both texts."""
    from ...charts.along import Line, along_chart

    sides = _sides(comparison, parameters)
    if sides is None:
        return None
    lines = [Line(side, values, sides.quantity) for side, values in _both(sides)]
    return along_chart(lines, _text_places(comparison), unit, label=sides.quantity.name)


def against(comparison: Comparison, unit: str, parameters: Parameters) -> Spec | None:
    """Return a dot a place, A to the right and B upward; on the diagonal they agree."""
    from ...charts.against import Of, against_chart

    sides = _sides(comparison, parameters)
    if sides is None:
        return None
    known = np.concatenate([sides.a, sides.b])
    low, high = ends(sides.quantity, known, spread=True)
    low = min(low, 0.0) if sides.quantity.scale == "linear" else low
    x, y = (Of(values, sides.quantity, side, low, high) for side, values in _both(sides))
    if isinstance(comparison.meeting, SameRows):
        texts: Any = getattr(comparison.a.request, "texts", ())
        labels = [one_line(texts[row]) for row in comparison.meeting.rows[:, 0]]
        along = Places("text", labels, "row_of_a", counted=False)
    else:
        along = _text_places(comparison)
    return against_chart(x, y, along, unit, diagonal=True)


def divergence(comparison: Comparison, unit: str, parameters: Parameters) -> Spec | None:
    """Return the exact divergence at every token where it is known, else its bounds."""
    from ...charts.along import Line, along_chart

    exact, bounds = comparison.divergence, comparison.bounds
    if exact is not None:
        numbers = {"Jensen–Shannon": (exact.js, JS), "KL(A‖B)": (exact.kl_ab, KL_AB)}
        numbers["KL(B‖A)"] = (exact.kl_ba, KL_BA)
        lines = [Line(name, values, quantity) for name, (values, quantity) in numbers.items()]
        labels = [numbered(place, token) for place, token in enumerate(exact.tokens)]
        return along_chart(lines, Places("place", labels, "place"), unit, label="Divergence")
    if bounds is None or not np.isfinite(bounds.js_low).any():
        return None
    middle = (bounds.js_low + bounds.js_high) / 2
    lines = [
        Line("Jensen–Shannon, inside the band", middle, JS, low=bounds.js_low, high=bounds.js_high),
        Line("KL(A‖B) at least", bounds.kl_ab, KL_AB, "dots"),
        Line("KL(B‖A) at least", bounds.kl_ba, KL_BA, "dots"),
    ]
    return along_chart(lines, _text_places(comparison), unit, label="Divergence")


def heads(comparison: Comparison, unit: str, parameters: Parameters) -> Spec | None:
    """Return B − A of the mean over the tokens of every head."""
    from ...charts.map import map_chart

    name = chosen(comparison, parameters, "L", "H")
    if name is None:
        return None
    whole = "T" in comparison.axes_of(name)
    sides = comparison.over_tokens(name) if whole else comparison.sides(name)
    if sides.axes != ("L", "H"):
        return None
    quantity = difference_of(sides.quantity)
    low, high = ends(quantity, sides.difference, spread=switch(parameters, "spread"))
    rows, columns = (
        places_along(comparison.a, letter, size)
        for letter, size in zip(sides.axes, sides.difference.shape, strict=True)
    )
    return map_chart(
        sides.difference, quantity, rows, columns, unit, low=low, high=high,
        label=sides.quantity.name, narrow=True,
    )  # fmt: skip


def depths(comparison: Comparison, unit: str, parameters: Parameters) -> Spec | None:
    """Return the means of A and B over their tokens at every depth."""
    from ...charts.along import Line, along_chart

    sides = _profile(comparison, parameters)
    if sides is None:
        return None
    lines = [Line(side, values, sides.quantity) for side, values in _both(sides)]
    along = places_along(comparison.a, sides.axes[0], len(sides.a))
    return along_chart(lines, along, unit, label=sides.quantity.name)


def paths(comparison: Comparison, unit: str, parameters: Parameters) -> Spec | None:
    """Return the chosen number of every sampler along the steps, A drawn through and B dashed."""
    from ...charts.pairs import paths_chart

    name = chosen(comparison, {"number": "entropy", **parameters}, "M", "S", "N")
    if name is None or not isinstance(comparison.meeting, SameSamplers):
        return None
    sides = comparison.sides(name)
    return paths_chart(sides.a, sides.b, comparison.meeting.labels, sides.quantity, unit)


def _profile(comparison: Comparison, parameters: Parameters) -> Sides | None:
    names = [name for name in comparison.names if _along_depth(comparison.axes_of(name))]
    if not names:
        return None
    name = parameters.get("number", "")
    name = name if name in names else names[0]
    along = "T" in comparison.axes_of(name)
    return comparison.over_tokens(name) if along else comparison.sides(name)


def _along_depth(axes: tuple[str, ...]) -> bool:
    return set(axes) - {"T"} in ({"D"}, {"L"})


def _sides(comparison: Comparison, parameters: Parameters) -> Sides | None:
    """Return the chosen number at every place, at one depth where it has several."""
    if isinstance(comparison.meeting, SameRows):
        name = chosen(comparison, parameters, "N")
        return None if name is None else comparison.sides(name)
    name = chosen(comparison, parameters, "T")
    if name is None:
        return None
    sides = of_text(comparison, name, parameters)
    if len(sides.axes) == 1:
        return sides
    at = _depth(parameters, len(sides.a))
    return Sides(sides.name, sides.quantity, sides.axes[1:], sides.a[at], sides.b[at])


def _depth(parameters: Parameters, count: int) -> int:
    """Return the chosen depth, the last one where there is no such."""
    text = parameters.get("D", "")
    known = text.isascii() and text.isdigit() and int(text[:9]) < count
    return int(text) if known else count - 1


def _both(sides: Sides) -> list[tuple[str, Any]]:
    return [("A", sides.a), ("B", sides.b)]


def _text_places(comparison: Comparison) -> Places:
    meeting, a, b = comparison.meeting, comparison.a, comparison.b
    assert isinstance(meeting, OneText)  # noqa: S101  the caller has looked
    assert isinstance(a, TokenizedRun)  # noqa: S101
    assert isinstance(b, TokenizedRun)  # noqa: S101
    labels = [
        numbered(place, span_text(a, *own[:2]) or span_text(b, *own[2:]))
        for place, own in enumerate(meeting.places.tolist())
    ]
    return Places("place", labels, "place")
