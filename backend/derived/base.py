"""Numbers made from stored runs, declared like stored ones and found by their folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Protocol, TypeVar, runtime_checkable
from weakref import WeakKeyDictionary

import numpy as np

from ..quantities import Quantity
from ..runs.arrays import array_specs
from ..runs.base import Run

Values = Callable[[Any], Any]
R = TypeVar("R", bound=Run)
Made = TypeVar("Made")


@dataclass(frozen=True)
class Derived:
    """How a number is made from a run of a kind; information in nats.

    Attributes:
        kind: of run.
        name: unique within the kind, stored numbers included.
        axes: letters; none for a figure of the whole run.
        quantity: what it is.
        values: of a run; an array with these axes, or a float.
    """

    kind: str
    name: str
    axes: tuple[str, ...]
    quantity: Quantity
    values: Values


@dataclass(frozen=True)
class Number:
    """A number that a run has.

    Attributes:
        values: as stored, with these axes.
        stored: whether it is an array of the run's file.
    """

    name: str
    quantity: Quantity
    axes: tuple[str, ...]
    values: np.ndarray = field(repr=False)
    stored: bool = True


@runtime_checkable
class OwnNumbers(Protocol):
    """What lenses show like a run, though it makes all of its numbers itself."""

    def number(self, name: str) -> Number:
        """Return a number by its name, ``KeyError`` where there is none."""
        ...

    def number_names(self) -> list[str]:
        """Return the names of all numbers."""
        ...


DERIVED: dict[str, dict[str, Derived]] = {}
"""By kind and name."""


def derived(kind: str, name: str, *axes: str, quantity: Quantity) -> Callable[[Values], Values]:
    """Return a decorator that declares a number of a kind of run; see ``Derived``."""

    def declare(values: Values) -> Values:
        of_kind = DERIVED.setdefault(kind, {})
        if name in of_kind:
            raise ValueError(f"{kind} has two numbers named {name!r}")
        of_kind[name] = Derived(kind, name, axes, quantity, values)
        return values

    return declare


def once(make: Callable[[R], Made]) -> Callable[[R], Made]:
    """Keep what was made of a run for as long as there is the run; it is not to be changed."""
    known: WeakKeyDictionary[R, Made] = WeakKeyDictionary()

    @wraps(make)
    def find(run: R) -> Made:
        if run not in known:
            known[run] = make(run)
        return known[run]

    return find


def number(run: Run, name: str) -> Number:
    """Return a number of a run by its name.

    Raises:
        KeyError: it has no such number.
    """
    if isinstance(run, OwnNumbers):
        return run.number(name)
    spec = array_specs(run).get(name)
    if spec is not None and spec.quantity is not None and getattr(run, name) is not None:
        return Number(name, spec.quantity, tuple(map(str, spec.axes)), getattr(run, name))
    made = DERIVED.get(run.kind, {})[name]
    return Number(name, made.quantity, made.axes, np.asarray(made.values(run)), stored=False)


def number_names(run: Run, axes: tuple[str, ...] | None = None) -> list[str]:
    """Return the names of the numbers a run has, stored ones first; only those with ``axes``."""
    if isinstance(run, OwnNumbers):
        names = run.number_names()
        return [name for name in names if axes is None or run.number(name).axes == axes]
    stored = {
        name: tuple(map(str, spec.axes))
        for name, spec in array_specs(run).items()
        if spec.quantity is not None and isinstance(getattr(run, name), np.ndarray)
    }
    made = {name: each.axes for name, each in DERIVED.get(run.kind, {}).items()}
    return [name for name, own in (stored | made).items() if axes is None or own == axes]


def names_of(run_type: type[Run], axes: tuple[str, ...]) -> list[str]:
    """Return the names of all numbers with ``axes`` that runs of a type may have."""
    stored = {
        name: tuple(map(str, spec.axes))
        for name, spec in array_specs(run_type).items()
        if spec.quantity is not None
    }
    made = {name: each.axes for name, each in DERIVED.get(run_type.kind, {}).items()}
    return [name for name, own in (stored | made).items() if own == axes]


def quantity_of(kind_or_run: Run | type[Run], name: str) -> Quantity:
    """Return what a number of a run, or of a type of runs, is.

    Raises:
        KeyError: there is no such number.
    """
    if not isinstance(kind_or_run, type) and isinstance(kind_or_run, OwnNumbers):
        return kind_or_run.number(name).quantity
    spec = array_specs(kind_or_run).get(name)
    if spec is not None and spec.quantity is not None:
        return spec.quantity
    return DERIVED.get(kind_or_run.kind, {})[name].quantity
