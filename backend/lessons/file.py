"""A lesson and the runs that it shows in one file, which opens on another machine without a model.

It is a safetensors file: the lesson as JSON in its metadata, every run file as bytes. Nothing in it
is trusted: sizes come first, then the lesson, then each run as any run file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..errors import EntroscopeError, InputError
from ..lenses.looks import Look, read_look
from ..runs.base import Run
from ..storage.examples import EXAMPLES
from ..storage.files import content_id, dump_run, load_run, parse_run
from ..storage.library import Library
from ..storage.strict_json import parse
from .base import MOST_STEPS, Lesson, Step
from .own import SAVED, checked, written

SUFFIX = ".lesson"
MOST_BYTES = 64_000_000
MOST_HEADER = 1_500_000
MOST_RUNS = 4 * MOST_STEPS
_FORMAT = "entroscope lesson 1"
_NOT_ONE = "This file is no lesson, or it is damaged."


def sources_of(look: Look) -> list[str]:
    """Return which runs a look shows, such as "run=saved-…" or "example=text_fact".

    That of the view comes first, then its branches.
    """
    names = [name for name in ("run", "example") if name in look.query][:1]
    branches = filter(None, look.query.get("branches", "").split("."))
    return [*(f"{name}={look.query[name]}" for name in names), *(f"run={key}" for key in branches)]


def _all_sources(lesson: Lesson) -> list[str]:
    """Return the runs of all steps, each once."""
    each = (source for step in lesson.steps for source in sources_of(read_look(step.look)))
    return list(dict.fromkeys(each))


def dump_lesson(lesson: Lesson, library: Library) -> bytes:
    """Return the file of a lesson.

    Raises:
        EntroscopeError: a run is gone, or they are too large together.
    """
    runs = _all_sources(lesson)
    arrays = {}
    for place, source in enumerate(runs):
        arrays[str(place)] = np.frombuffer(dump_run(_run_of(source, library)), np.uint8)
    size = sum(each.nbytes for each in arrays.values())
    if size > MOST_BYTES:
        raise InputError(
            f"The runs of this lesson have {size:,} bytes; a lesson file has at most "
            f"{MOST_BYTES:,}."
        )
    told = {"format": _FORMAT, "lesson": written(lesson).decode(), "runs": json.dumps(runs)}
    return save(arrays, metadata=told)


def take_lesson(data: bytes, library: Library) -> Lesson:
    """Return the lesson of a file; its runs are in the library then, unless they ship.

    Raises:
        InputError: no lesson, damaged, too large, or it lacks a run; one line. Then nothing is
            kept.
        EntroscopeError: a run is damaged, or cannot be saved.
    """
    if len(data) > MOST_BYTES:
        raise InputError(f"A lesson file has at most {MOST_BYTES:,} bytes, not {len(data):,}.")
    lesson, runs = _parts(data)
    used = _all_sources(lesson)
    if set(used) - runs.keys():
        raise InputError("This lesson shows a run that its file does not hold.")
    found = {
        source: parse_run(runs[source], f"Run {place + 1} of this lesson")
        for place, source in enumerate(sorted(used))
    }
    kept = {source: _keep(source, run, library) for source, run in found.items()}
    return replace(lesson, steps=tuple(_renamed(step, kept) for step in lesson.steps))


def _parts(data: bytes) -> tuple[Lesson, Mapping[str, bytes]]:
    try:
        size = int.from_bytes(data[:8], "little")
        if size > min(MOST_HEADER, len(data)):
            raise ValueError("the header is larger than it may be")
        told = parse(data[8 : 8 + size])["__metadata__"]
        if told["format"] != _FORMAT:
            raise ValueError("another format")
        names = parse(told["runs"])
        arrays = load(data)
        if len(names) > MOST_RUNS or len(arrays) != len(names):
            raise ValueError("not as many runs as it says")
        runs = {str(name): _bytes(arrays[str(place)]) for place, name in enumerate(names)}
        fields = parse(told["lesson"])
    except (SafetensorError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise InputError(_NOT_ONE) from error
    return checked(fields), runs


def _bytes(array: np.ndarray) -> bytes:
    if array.dtype != np.uint8 or array.ndim != 1:
        raise ValueError("a run is a row of bytes")
    return array.tobytes()


def _run_of(source: str, library: Library) -> Run:
    name, _, value = source.partition("=")
    if name == "example":
        return load_run(EXAMPLES / f"{read_name(value)}.safetensors")
    return library.load(value.removeprefix(SAVED))


def read_name(value: str) -> str:
    """Return the name of a shipped run.

    Raises:
        InputError: there is none of that name, which also keeps it inside the folder.
    """
    if value not in {path.stem for path in EXAMPLES.glob("*.safetensors")}:
        raise InputError(f"There is no example named {value[:80]!r}.")
    return value


def _keep(source: str, run: Run, library: Library) -> tuple[str, str]:
    """Save a run, unless it ships with this version too; return how a look names it."""
    name, _, value = source.partition("=")
    if name == "example" and _ships(value, run):
        return name, value
    return "run", f"{SAVED}{library.save(run)}"


def _ships(name: str, run: Run) -> bool:
    try:
        return content_id(load_run(EXAMPLES / f"{read_name(name)}.safetensors")) == content_id(run)
    except EntroscopeError:
        return False


def _renamed(step: Step, kept: Mapping[str, tuple[str, str]]) -> Step:
    look = read_look(step.look)
    sources = sources_of(look)
    if not sources:
        return step
    ours = ("run", "example", "branches")
    rest = {name: value for name, value in look.query.items() if name not in ours}
    # Branches without a run of their own to begin at are of no use.
    (name, value), *branches = (kept[source] for source in sources)
    more = {"branches": ".".join(key for _, key in branches)} if branches else {}
    return replace(step, look=str(Look(look.page, {name: value, **rest, **more})))
