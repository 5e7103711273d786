"""From a kind of run to its request, for notebooks, links and forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, get_type_hints

from ..errors import InputError
from .base import RUN_KINDS, Request
from .fields import filled_field
from .model import ModelSpec


class Loaded(Protocol):
    """A model that is loaded: all that is needed of it here is what it was asked for as."""

    @property
    def spec(self) -> ModelSpec: ...


@cache
def request_type(kind: str) -> type[Request]:
    """Return the type of the requests of a kind of run.

    Raises:
        InputError: there is no such kind.
    """
    return get_type_hints(RUN_KINDS[kind])["request"]


def study_function(kind: str, study: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``study_<kind>``: the fields of the request as arguments.

    A first positional argument is the field that the current text or prompt fills.
    """
    asked = request_type(kind)
    field = filled_field(asked)

    def ask(model: Loaded | None, subject: Any = None, *, report: Any = None, **given: Any) -> Any:
        if subject is not None:
            if field is None:
                raise InputError(f"study_{kind} takes its fields by name only.")
            given = {field.name: subject, **given}
        given = {
            name: tuple(each) if isinstance(each, list) else each for name, each in given.items()
        }
        if model is not None:  # a training needs none
            given = {"model": model.spec, **given}
        return study(model, asked(**given), report)

    ask.__name__ = ask.__qualname__ = f"study_{kind}"
    ask.__doc__ = f"Answer a ``{asked.__name__}``; {asked.__doc__}"
    return ask
