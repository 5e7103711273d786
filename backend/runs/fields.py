"""What the fields of a request are for people: form, shell and documentation are made of this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from .model import ModelSpec, written_spec

Filled = Literal["text", "prompt"]
Control = Literal["switch", "choice", "whole", "number", "line", "text", "list", "models", "own"]


@dataclass(frozen=True)
class Field:
    """One field of a request.

    Attributes:
        label, help: for people; one sentence.
        low, high: ends of a number, where it has some.
        filled: what of the reader's current subject fills it: the text of Read, the prompt of
            Write. It is edited together with the others that have no default.
        lines: of the box that a text is written in.
        kind: how it is edited; "own" is left to a panel.
        choices: of a choice, as stored: those of a ``Literal``, or as declared where what may be
            chosen is found by its folder.
        empty: whether it may be None.
        default: ``MISSING`` where the reader has to give it.
        beside: whether it has a default, and is edited beside those that have none all the same.
    """

    name: str
    label: str
    help: str
    low: float | None
    high: float | None
    filled: Filled | None
    lines: int
    kind: Control
    choices: tuple[str, ...]
    empty: bool
    default: Any
    beside: bool

    @property
    def needed(self) -> bool:
        """Whether the reader has to give it."""
        return self.default is MISSING or self.kind == "models"


def asked(
    default: Any = MISSING,
    *,
    label: str,
    help: str,
    low: float | None = None,
    high: float | None = None,
    filled: Filled | None = None,
    lines: int = 1,
    own: bool = False,
    choices: tuple[str, ...] = (),
    beside: bool = False,
    later: bool = False,
) -> Any:
    """Declare a field of a request, like ``dataclasses.field``; see ``Field`` and ``plain``."""
    about = {
        "label": label, "help": help, "low": low, "high": high, "filled": filled, "lines": lines,
        "own": own, "choices": choices, "beside": beside,
    }  # fmt: skip
    return field(default=default, metadata={"asked": about, "later": later})


def reading_text() -> Any:
    """Declare the text of a reading."""
    return asked(label="Text", help="What the model reads.", filled="text", lines=6)


def bos_option() -> Any:
    """Declare whether the beginning-of-sequence token is read first."""
    return asked(
        False,
        label="Begin with BOS",
        help="Read the model's beginning-of-sequence token first, so that the first token of the "
        "text has a prediction too.",
    )


def special_option() -> Any:
    """Declare how look-alikes of control tokens are read."""
    return asked(
        "text",
        label="Control tokens",
        help="Look-alikes of control tokens such as <|im_start|>: plain text, or special.",
    )


@cache
def request_fields(request: type) -> Mapping[str, Field]:
    """Return the fields of a request type by name, those of the model and undeclared ones left out.

    Raises:
        TypeError: a field is of a type that no form can edit; declare it as ``own``.
    """
    types = get_type_hints(request)
    found = {}
    for each in fields(request):
        about = each.metadata.get("asked")
        if about is None:
            continue
        own = about["own"]
        kind, choices, empty = _control(types[each.name], each.name, about["lines"], own=own)
        if about["choices"]:
            kind, choices = "choice", about["choices"]
        words = {name: value for name, value in about.items() if name not in ("own", "choices")}
        found[each.name] = Field(
            name=each.name, kind=kind, choices=choices, empty=empty, default=each.default, **words
        )
    return found


def as_edited(field: Field, value: Any) -> Any:
    """Return a value of a field as its control shows it: models as lines."""
    return [written_spec(each) for each in value] if field.kind == "models" else value


def filled_field(request: type) -> Field | None:
    """Return the field that the reader's current text or prompt fills, if there is one."""
    return next((each for each in request_fields(request).values() if each.filled), None)


def _control(
    hint: Any, name: str, lines: int, *, own: bool
) -> tuple[Control, tuple[str, ...], bool]:
    empty = False
    if get_origin(hint) in (UnionType, Union):
        parts = [each for each in get_args(hint) if each is not NoneType]
        empty = len(parts) < len(get_args(hint))
        hint = parts[0] if len(parts) == 1 else hint
    if own:
        return "own", (), empty
    if get_origin(hint) is Literal:
        return "choice", get_args(hint), empty
    if get_origin(hint) is tuple and get_args(hint)[:1] == (str,):
        return "list", (), empty
    if get_origin(hint) is tuple and get_args(hint)[:1] == (ModelSpec,):
        return "models", (), empty
    kinds: dict[Any, Control] = {bool: "switch", int: "whole", float: "number"}
    if hint is str:
        return ("text" if lines > 1 else "line"), (), empty
    if hint not in kinds:
        raise TypeError(f"{name} is {hint}, which no form can edit; declare it as own")
    return kinds[hint], (), empty
