"""Python code that makes a run again."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from ..runs.base import Run
from ..runs.divergence import DivergenceRun
from ..runs.model import ROUNDED
from .permalink import exact_request

_IMPORT = "import backend" if __name__.startswith("backend.") else "from entroscope import backend"
"""How programs get at this code: in the repository, and where it is installed."""


def snippet(run: Run) -> str:
    """Return a program that loads the same model and asks it the same question."""
    request = exact_request(run)
    model = [repr(request.model.source)]
    model += [
        f"{name}={value!r}"
        for name in ("revision", "dtype")
        if (value := getattr(request.model, name))
    ]
    given = _given(request)
    types = {type(request)} | _types(list(given.values()))
    arguments = "".join(f"    {name}={value!r},\n" for name, value in given.items())
    begin = f"{_weights(run)}{_IMPORT}\n{_imports(types)}\n"
    end = 'run.save("run.safetensors")\n'
    asked = type(request).__name__
    if not request.reads_model:
        return f"{begin}request = {asked}(\n{arguments})\nrun = backend.study(None, request)\n{end}"
    return (
        f"{begin}model = backend.load_model({', '.join(model)})\n"
        f"request = {asked}(\n    model=model.spec,\n{arguments})\n"
        f"run = backend.study(model, request)\n{end}"
    )


def _weights(run: Run) -> str:
    """Return a remark where ``load_model`` alone does not give the weights of the run."""
    facts = [run.model, run.other_model] if isinstance(run, DivergenceRun) else [run.model]
    changed = dict.fromkeys(each.weights for each in facts if ROUNDED in each.weights)
    if not changed:
        return ""
    # As values: a comment of what a file says could name an encoding in which it is code.
    return (
        "# The weights of the run were rounded after loading, which this code does not do.\n"
        f"weights_of_the_run = {list(changed)!r}\n"
    )


def _given(request: Any) -> dict[str, Any]:
    """Return the fields that are not at their defaults, in order."""
    return {
        each.name: getattr(request, each.name)
        for each in fields(request)
        if each.name != "model"
        and (each.default is MISSING or getattr(request, each.name) != each.default)
    }


def _imports(types: set[type]) -> str:
    """Return the lines that import types: those that ``backend.runs`` has from there."""
    from .. import runs

    rooms: dict[str, list[str]] = {}
    for each in sorted(types, key=lambda each: each.__name__):
        room = runs.__name__ if each.__name__ in runs.__all__ else each.__module__
        rooms.setdefault(room, []).append(each.__name__)
    return "".join(f"from {room} import {', '.join(names)}\n" for room, names in rooms.items())


def _types(value: Any) -> set[type]:
    """Return all dataclasses inside ``value``, which its repr will mention."""
    if is_dataclass(value):
        inside = _types([getattr(value, each.name) for each in fields(value)])
        return {type(value)} | inside
    if isinstance(value, list | tuple):
        return {each for part in value for each in _types(part)}
    return set()
