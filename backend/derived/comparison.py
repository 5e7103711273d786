"""Two runs of one kind, B against A: every number of both where they meet, and B − A.

A comparison is no stored run, but looks like one to lenses: it has a kind, numbers and tables. Any
kind can be compared; see ``alignments`` for what places of it meet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import ClassVar

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from ..runs.base import Request, Run
from ..runs.divergence import DivergenceRun
from ..runs.tables import Table
from ..runs.text import TextRun
from .alignments import OneText, PlaceByPlace, SameRows, SameSamplers, mean_of_known, meeting
from .base import DERIVED, Number, number, number_names
from .bounds import DivergenceBounds, divergence_bounds, share_vocabulary
from .summary import DifferenceSummary, summarise

SEPARATOR = "~"
"""Between the names of the contents that a comparison is made of."""

FIRST = ("surprisal", "entropy", "varentropy")
"""Numbers that come before all others."""

# Colours of a difference end at this share of the number's own range: 3 of 14 nats of surprisal.
_END = 3 / 14


@dataclass(frozen=True, kw_only=True)
class CompareRequest(Request):
    """Ask for a comparison of what is in memory.

    Attributes:
        a, b: names of the contents of two runs.
        divergence: name of that of the exact divergence of their models; empty for none.
    """

    kind: ClassVar[str] = "compare"
    a: str
    b: str
    divergence: str = ""

    @property
    def content(self) -> str:
        """The name of the comparison among contents."""
        return SEPARATOR.join(filter(None, (self.a, self.b, self.divergence)))


@dataclass(frozen=True)
class Sides:
    """A number of both runs where they meet.

    Attributes:
        axes: letters; P are the places of two texts, see ``align.places``.
        a, b: float64, of one shape; NaN where a run has no number.
    """

    name: str
    quantity: Quantity
    axes: tuple[str, ...]
    a: np.ndarray = field(repr=False)
    b: np.ndarray = field(repr=False)

    @property
    def difference(self) -> np.ndarray:
        """B − A; NaN where one of them has no number."""
        with np.errstate(invalid="ignore"):  # infinite in both
            return self.b - self.a

    @property
    def summary(self) -> DifferenceSummary:
        """The figures of the difference."""
        return summarise(self.a.ravel(), self.b.ravel())


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison(Run):
    """Two runs of one kind; ``compare`` makes it. Model, versions and time are those of A.

    Attributes:
        a, b: of one kind.
        divergence: how far the models' predictions are apart, where it was computed.
    """

    kind: ClassVar[str] = "compare"
    request: CompareRequest
    a: Run
    b: Run
    divergence: DivergenceRun | None = None

    def number(self, name: str) -> Number:
        """Return a figure of the whole comparison: of the number that is compared first."""
        made = DERIVED[self.kind][name]
        quantity, first = made.quantity, self.first
        if quantity.power and first is not None:
            named = f"{first.quantity.name}, {quantity.name}"
            quantity = replace(quantity, name=named, unit=first.quantity.unit)
        return Number(name, quantity, made.axes, np.asarray(made.values(self)), stored=False)

    def number_names(self) -> list[str]:
        """Return the names of these figures."""
        return list(DERIVED[self.kind])

    @cached_property
    def first(self) -> Sides | None:
        """The number that is compared first: of the places, if there is one."""
        found = [self.sides(name) for name in self.names]
        return next((sides for sides in found if sides.axes), found[0] if found else None)

    @cached_property
    def meeting(self) -> PlaceByPlace:
        """How the places of the two runs meet.

        Raises:
            InputError: they have nothing in common.
        """
        return meeting(self.a, self.b)

    @cached_property
    def names(self) -> list[str]:
        """Names of the numbers of both runs that can be set against each other."""
        both = [name for name in number_names(self.a) if name in number_names(self.b)]
        fit = [name for name in both if self._shape(self.a, name) == self._shape(self.b, name)]
        return sorted(fit, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))

    def axes_of(self, name: str) -> tuple[str, ...]:
        """Return the axes that a number has in the runs."""
        return number(self.a, name).axes

    def sides(self, name: str, at: Mapping[str, int] | None = None) -> Sides:
        """Return a number of both runs where they meet.

        Args:
            name: one of ``names``.
            at: places on axes to choose, by letter, such as a layer and a head.

        Raises:
            InputError: an axis has no such place.
        """
        taken = [self._taken(run, name, at or {}) for run in (self.a, self.b)]
        (axes, a), (_, b) = taken
        return Sides(name, number(self.a, name).quantity, axes, a, b)

    def over_tokens(self, name: str) -> Sides:
        """Return the means over all tokens of each run, on the other axes of a number.

        The two means are over the same tokens only when both runs read the same text; see
        ``paired``.
        """
        found = [number(run, name) for run in (self.a, self.b)]
        axis = found[0].axes.index("T")
        a, b = (
            mean_of_known(np.where(np.isfinite(each.values), each.values, np.nan), axis)
            for each in found
        )
        axes = tuple(each for each in found[0].axes if each != "T")
        return Sides(name, found[0].quantity, axes, a, b)

    @property
    def paired(self) -> bool:
        """Whether both runs read the same tokens."""
        ids = [getattr(run, "token_ids", np.empty(0)) for run in (self.a, self.b)]
        return np.array_equal(ids[0], ids[1])

    @cached_property
    def bounds(self) -> DivergenceBounds | None:
        """Bounds of the divergence at every place of two texts; NaN at those not one token in both.

        None for other kinds, and for models that do not share a vocabulary.
        """
        a, b = self.a, self.b
        if not (isinstance(a, TextRun) and isinstance(b, TextRun) and share_vocabulary(a, b)):
            return None
        assert isinstance(self.meeting, OneText)  # noqa: S101  both are texts
        first_a, stop_a, first_b, stop_b = self.meeting.places.T
        single = (stop_a - first_a == 1) & (stop_b - first_b == 1)
        found = divergence_bounds(a, b, first_a[single], first_b[single])
        spread = {}
        for name, values in vars(found).items():
            spread[name] = np.full(len(single), np.nan)
            spread[name][single] = values
        return DivergenceBounds(**spread)

    def tables(self) -> dict[str, Table]:
        """Return the comparison as tables by name, the main one first; information in nats."""
        from .comparison_tables import tables

        return tables(self)

    def _shape(self, run: Run, name: str) -> tuple[int, ...]:
        """Return the sizes of a number, those of axes along which the runs meet left out."""
        found = number(run, name)
        met = {OneText: "T", SameRows: "N", SameSamplers: "MSN"}.get(type(self.meeting), "")
        sizes = zip(found.axes, found.values.shape, strict=True)
        return tuple(size for letter, size in sizes if letter not in met)

    def _taken(
        self, run: Run, name: str, at: Mapping[str, int]
    ) -> tuple[tuple[str, ...], np.ndarray]:
        found = number(run, name)
        axes, values = found.axes, found.values
        for letter, place in at.items():
            if letter not in axes:
                continue
            axis = axes.index(letter)
            if not 0 <= place < values.shape[axis]:
                raise InputError(
                    f"There is no {letter} {place}; it ends at {values.shape[axis] - 1}."
                )
            values = values.take(place, axis)
            axes = tuple(each for each in axes if each != letter)
        return self.meeting.take(replace(found, axes=axes, values=values), run)


def is_between(run: DivergenceRun, a: Run, b: Run) -> bool:
    """Tell whether a divergence is between the weights that made A and B, over their tokens."""
    names = ("source", "name", "revision", "dtype", "weights")
    same = (
        getattr(one, name) == getattr(other, name)
        for one, other in ((run.model, a.model), (run.other_model, b.model))
        for name in names
    )
    return all(same) and np.array_equal(run.token_ids, getattr(a, "token_ids", ()))


def turned(run: DivergenceRun) -> DivergenceRun:
    """Return the same divergence with A and B the other way round."""
    request = replace(run.request, model=run.request.other, other=run.request.model)
    return replace(
        run, request=request, model=run.other_model, other_model=run.model, kl_ab=run.kl_ba,
        kl_ba=run.kl_ab,
    )  # fmt: skip


def difference_of(quantity: Quantity) -> Quantity:
    """Return what B − A of a number is: centred at 0, with the fixed ends of its colours."""
    end = max(abs(quantity.low), abs(quantity.high)) * _END
    return replace(
        quantity, name=f"{quantity.name}, B − A", symbol="", low=-end, high=end, scale="diverging",
        help=f"Above 0: larger in B. {quantity.help}", plain="", missing="not in both",
        formula="", pieces=None,
    )  # fmt: skip


@lru_cache(maxsize=4)
def compare(
    request: CompareRequest, a: Run, b: Run, divergence: DivergenceRun | None = None
) -> Comparison:
    """Return the comparison of two runs; the last few are kept, since they take a while to align.

    Raises:
        InputError: they are not of one kind.
    """
    if a.kind != b.kind:
        raise InputError(f"A is a run of kind {a.kind}, B of kind {b.kind}: choose two alike.")
    return Comparison(
        request=request, model=a.model, versions=a.versions, created=max(a.created, b.created),
        seconds=a.seconds + b.seconds, title=f"{a.title or 'A'} and {b.title or 'B'}",
        note=a.note if a.note == b.note else "", a=a, b=b, divergence=divergence,
    )  # fmt: skip


def comparison_of(content: str, find: Callable[[str], Run | None]) -> Comparison | None:
    """Return the comparison that a name of contents stands for, such as "…~…".

    Args:
        content: as ``CompareRequest.content`` writes it.
        find: a run by the name of its content.

    Returns:
        None where a part of it is not in memory, or ``content`` names no comparison.
    """
    names = content.split(SEPARATOR)
    if len(names) not in (2, 3):
        return None
    a, b, *exact = (find(name) for name in names)
    divergence = exact[0] if exact else None
    if a is None or b is None or (exact and not isinstance(divergence, DivergenceRun)):
        return None
    request = CompareRequest(a=names[0], b=names[1], divergence="".join(names[2:]))
    return compare(request, a, b, divergence)
