"""How a run type declares its arrays: dtype, named axes and where a number may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np

from ..quantities import Quantity
from .axes import AXES, Axis

Missing = Literal["never", "first", "anywhere"]


@dataclass(frozen=True)
class ArraySpec:
    """What one array of a run looks like.

    Attributes:
        dtype: exactly this one, for example "float32".
        axes: names of axes, or sizes where they are fixed. Axes of one name have one size.
        nan: where NaN may stand: "never", only at the "first" token (index 0 of axis T), or
            "anywhere".
        infinite: whether ±infinity may stand.
        quantity: what its numbers are; None for ids, places and other bookkeeping.
        own_axes: axes that only this kind of run has, by letter.
        more: whether further axes may follow, whose sizes the run itself tells of.
    """

    dtype: str
    axes: tuple[str | int, ...]
    nan: Missing = "never"
    infinite: bool = False
    quantity: Quantity | None = None
    own_axes: Mapping[str, Axis] = field(default_factory=dict)
    more: bool = False

    def axis(self, letter: str) -> Axis:
        """Return what the axis called ``letter`` is."""
        return self.own_axes.get(letter) or AXES[letter]


def array(
    dtype: str,
    *axes: str | int | Axis,
    nan: Missing = "never",
    infinite: bool = False,
    optional: bool = False,
    many: bool = False,
    quantity: Quantity | None = None,
    more: bool = False,
) -> Any:
    """Declare an array field of a run type.

    Axes are letters of ``AXES``, sizes, or an ``Axis`` of this kind's own. ``optional`` fields
    are None when not given; ``many`` makes the field a dict of arrays that look alike, by name,
    empty when not given.
    """
    own = {each.letter: each for each in axes if isinstance(each, Axis)}
    letters = tuple(each.letter if isinstance(each, Axis) else each for each in axes)
    metadata = {"array": ArraySpec(dtype, letters, nan, infinite, quantity, own, more)}
    if many:
        return field(default_factory=dict, metadata=metadata)
    return field(default=None, metadata=metadata) if optional else field(metadata=metadata)


def array_specs(run_type: Any) -> dict[str, ArraySpec]:
    """Return the declared arrays of a run or run type, by field name."""
    return {
        each.name: each.metadata["array"] for each in fields(run_type) if "array" in each.metadata
    }


def axis_of(run_type: Any, letter: str) -> Axis:
    """Return what an axis of a run or run type is: its own one, or what all kinds mean by it."""
    own = [each.own_axes.get(letter) for each in array_specs(run_type).values()]
    found = next((each for each in own if each is not None), None)
    return AXES[letter] if found is None else found


def check_array(name: str, value: np.ndarray, spec: ArraySpec, sizes: dict[str, int]) -> None:
    """Check one array; ``sizes`` of named axes are read, and completed where they were unknown.

    Raises:
        ValueError: it is not what ``spec`` says.
    """
    if value.dtype != np.dtype(spec.dtype):
        raise ValueError(f"{name} is {value.dtype}, not {spec.dtype}")
    if value.ndim < len(spec.axes) or (value.ndim > len(spec.axes) and not spec.more):
        raise ValueError(f"{name} has {value.ndim} axes, not {len(spec.axes)}")
    for axis, size in zip(spec.axes, value.shape, strict=not spec.more):
        wanted = axis if isinstance(axis, int) else sizes.setdefault(axis, size)
        if size != wanted:
            raise ValueError(f"axis {axis} of {name} has size {size}, not {wanted}")
    if value.dtype.kind == "f":
        _check_numbers(name, value, spec)


def check_arrays(run: Any, sizes: Mapping[str, int]) -> None:
    """Check every declared array of ``run``; ``sizes`` are the axes known beforehand.

    Raises:
        ValueError: one of them is not what was declared, or an undeclared array is there.
    """
    known = dict(sizes)
    for name, spec in array_specs(run).items():
        value = getattr(run, name)
        entries = value if isinstance(value, dict) else {"": value}
        for key, entry in entries.items():
            if entry is not None:
                check_array(f"{name}/{key}" if key else name, entry, spec, known)


def _check_numbers(name: str, value: np.ndarray, spec: ArraySpec) -> None:
    promised = value
    if spec.nan == "first":
        promised = np.delete(value, slice(1), axis=spec.axes.index("T"))
    if spec.nan != "anywhere" and np.isnan(promised).any():
        raise ValueError(f"{name} is not a number where it has to be one")
    if not spec.infinite and np.isinf(value).any():
        raise ValueError(f"{name} is infinite")
