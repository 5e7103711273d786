"""What the axes of arrays are: tokens, layers, heads and so on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Cursor = Literal["token", "head", "step"]


def _number(run: Any, i: int) -> str:
    return str(i)


def _token(run: Any, i: int) -> str:
    return f"{i} {run.tokens[i].strip() or '·'}"


def nth_text(run: Any, i: int) -> str:
    """Return the label of a run's text ``i``; its number alone where the text is not there."""
    return f"{i + 1} {run.texts[i]}" if i < len(run.texts) else str(i + 1)


def nth_order(run: Any, i: int) -> str:
    """Return the label of a run's order ``i``: the numbers of its options, such as "2413"."""
    return "".join(str(each + 1) for each in run.orders[i].tolist())


@dataclass(frozen=True)
class Axis:
    """One axis of an array; axes of one letter have one size within a run.

    Attributes:
        letter: short name, as array declarations write it.
        name: one place on it, for people and for columns of tables: "token".
        cursor: the shared cursor that a click on it moves, if any.
        label: of place ``i`` in a run, for ticks and tables.
    """

    letter: str
    name: str
    cursor: Cursor | None = None
    label: Callable[[Any, int], str] = _number


AXES: dict[str, Axis] = {
    each.letter: each
    for each in (
        Axis("T", "token", "token", _token),
        Axis("L", "layer"),
        Axis("D", "depth"),
        Axis("H", "head", "head"),
        Axis("K", "place"),
        Axis("B", "edge"),
        Axis("M", "sampler", None, lambda run, i: run.labels[i]),
        Axis("S", "seed", None, lambda run, i: str(run.request.seeds[i])),
        Axis("N", "step", "step"),
        Axis("P", "prompt token"),
        Axis("R", "row"),
    )
}
"""The axes that several kinds of run have. A kind may declare one of its own beside its arrays."""
