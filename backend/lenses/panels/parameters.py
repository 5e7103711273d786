"""Parameters from an address, read with care: one clear line for whatever is of no use."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...derived.heads import typical_head
from ...errors import InputError
from ...runs.attention import AttentionRun
from .base import Parameters

_LONGEST = 40


def check_names(parameters: Parameters, known: Collection[str]) -> None:
    """Check that all parameters are known.

    Raises:
        InputError: one is not.
    """
    for name in parameters:
        if name not in known:
            words = ", ".join(sorted(known)) or "none"
            raise InputError(f"There is no parameter {_short(name)} here; known: {words}.")


def whole(
    parameters: Parameters, name: str, low: int, high: int, default: int | None = None
) -> int:
    """Return a whole number from ``low`` to ``high``.

    Raises:
        InputError: it is none, or it is missing without a ``default``.
    """
    text = parameters.get(name)
    if text is None:
        if default is None:
            raise InputError(f"{name} is missing: a whole number from {low} to {high}.")
        return default
    plain = text.isascii() and text.isdigit() and len(text) <= 9
    if not plain or not low <= int(text) <= high:
        raise InputError(f"{name} is a whole number from {low} to {high}, not {_short(text)}.")
    return int(text)


def one_of(parameters: Parameters, name: str, choices: Sequence[str]) -> str:
    """Return one of ``choices``; the first when it is missing.

    Raises:
        InputError: it is none of them.
    """
    text = parameters.get(name, choices[0])
    if text not in choices:
        raise InputError(f"{name} is one of {', '.join(choices)}, not {_short(text)}.")
    return text


def switch(parameters: Parameters, name: str) -> bool:
    """Return whether a parameter is "1"; "0" or missing is no.

    Raises:
        InputError: it is neither.
    """
    return one_of(parameters, name, ("0", "1")) == "1"


def head_of(run: AttentionRun, parameters: Parameters) -> tuple[int, int]:
    """Return the head that is asked for: ``layer`` and ``head``; else one that shows something.

    Raises:
        InputError: the run has no such head.
    """
    layers, heads, _ = run.entropy.shape
    layer, head = typical_head(run, "previous") or (0, 0)
    return (
        whole(parameters, "layer", 0, layers - 1, layer),
        whole(parameters, "head", 0, heads - 1, head),
    )


def queries_of(run: AttentionRun, parameters: Parameters) -> slice:
    """Return the queries that means are over: ``start`` up to ``stop``, all when missing.

    Raises:
        InputError: they are none of the run's.
    """
    count = len(run)
    start = whole(parameters, "start", 0, count - 1, 0)
    return slice(start, whole(parameters, "stop", start + 1, count, count))


def _short(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
