"""Named parts that can be looked up and listed: samplers, studies, model sources, run kinds."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Generic, TypeVar, cast

from .errors import InputError

T = TypeVar("T")
Part = TypeVar("Part")


class Registry(Generic[T]):
    """A read-mostly table of parts in the order they were registered.

    Names are unique: a second registration raises ``ValueError``, so that two modules cannot
    quietly replace each other.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._parts: dict[str, T] = {}

    def register(self, name: str) -> Callable[[Part], Part]:
        """Return a decorator that files a part under ``name`` and hands it back."""

        # Of the part's own type, so that a registered class stays that class for type checkers.
        def file(part: Part) -> Part:
            if name in self._parts:
                raise ValueError(f"{self.kind} {name!r} is registered twice")
            self._parts[name] = cast(T, part)
            return part

        return file

    def __getitem__(self, name: str) -> T:
        """Return the part called ``name``; raise ``InputError`` with the nearest name."""
        if name in self._parts:
            return self._parts[name]
        near = difflib.get_close_matches(name, self._parts, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(self._parts)
        raise InputError(f"There is no {self.kind} named {name!r}.{hint} Known: {known}.")

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


def import_all(package: str, path: Iterable[str]) -> None:
    """Import every module of a package and of its folders, so that what they declare is known.

    ``import_all(__name__, __path__)`` at the end of a package's ``__init__`` makes a new file
    enough: nothing else names it.
    """
    for module in sorted(iter_modules(path), key=lambda each: each.name):
        loaded = import_module(f"{package}.{module.name}")
        if module.ispkg:
            import_all(loaded.__name__, loaded.__path__)
