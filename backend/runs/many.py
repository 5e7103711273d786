"""Asking for several studies of one text at once: one reading, several runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from ..errors import InputError
from .asking import request_type
from .base import Request
from .model import ModelSpec


@dataclass(frozen=True, kw_only=True)
class ManyRequest(Request):
    """Ask for what every one of ``requests`` asks; all are about one text and one model.

    Attributes:
        requests: of studies that read a text once. They agree in all fields that they share; the
            runs come back in this order, each under its own request.
    """

    kind: ClassVar[str] = "many"
    requests: tuple[Request, ...]


def many_request(
    model: ModelSpec, text: str, kinds: Sequence[str], given: Mapping[str, Any]
) -> ManyRequest:
    """Return the request for ``kinds`` of one text; each takes those fields ``given`` it knows.

    Raises:
        InputError: an unknown kind, or a field that none of them knows.
    """
    types: dict[str, Any] = {kind: request_type(kind) for kind in kinds}
    known = {kind: {each.name for each in fields(asked)} for kind, asked in types.items()}
    strange = set(given) - set().union(*known.values())
    if strange:
        raise InputError(f"None of {', '.join(kinds)} knows {min(strange)!r}.")
    requests = tuple(
        types[kind](
            model=model, text=text, **{key: given[key] for key in given if key in known[kind]}
        )
        for kind in kinds
    )
    return ManyRequest(model=model, requests=requests)
