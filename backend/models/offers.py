"""Which models a server offers, and which it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from ..errors import InputError
from ..runs.model import NO_MODEL, ModelSpec
from ..settings import Settings, settings

FILE_FIELDS = frozenset({"lens_file"})
"""Fields of requests that name a file of the server's machine."""


@dataclass(frozen=True)
class ModelChoice:
    """A model to pick."""

    spec: ModelSpec
    label: str


def model_choices(limits: Settings | None = None) -> list[ModelChoice]:
    """Return the models to offer, the bundled one first."""
    named = [ModelChoice(ModelSpec(source), source) for source in (limits or settings()).models]
    return [ModelChoice(ModelSpec(), "SmolLM2-135M-Instruct (bundled)"), *named]


def any_model(limits: Settings | None = None) -> bool:
    """Tell whether readers may name models and files beside ``model_choices``.

    Only a local server can: others offer what is on the list, whatever ``any_model`` says.
    """
    limits = limits or settings()
    return limits.any_model and limits.mode == "local"


def is_offered(spec: ModelSpec, limits: Settings | None = None) -> bool:
    """Tell whether a model is one of ``model_choices``, on any device and in any precision."""
    choices = {(choice.spec.source, choice.spec.revision) for choice in model_choices(limits)}
    return (spec.source, spec.revision) in choices


def check_model(spec: ModelSpec, limits: Settings | None = None) -> None:
    """Refuse a model that this server does not offer.

    Args:
        spec: that was asked for.
        limits: the settings that say what is offered; those of the environment by default.

    Raises:
        InputError: with the models that it offers.
    """
    if spec == NO_MODEL:
        return
    if any_model(limits) or is_offered(spec, limits):
        return
    offered = [choice.spec.source for choice in model_choices(limits)]
    if spec.source in offered:
        raise InputError(
            f"This server offers {spec.source!r} without a choice of revision. "
            f"Leave out the revision {spec.revision!r}."
        )
    raise InputError(
        f"This server does not offer {spec.source!r}. Choose one of: {', '.join(offered)}."
    )


def check_work(asked: Any, check: Callable[[ModelSpec], None], *, files: bool) -> None:
    """Refuse work that names a model, however deep in it, that ``check`` refuses, or a file.

    Args:
        asked: a model, a request, or the arguments of a call.
        check: raises ``InputError`` for a model that is not offered.
        files: whether files may be named.

    Raises:
        InputError: with what may be asked for.
    """
    if isinstance(asked, ModelSpec):
        check(asked)
    elif isinstance(asked, tuple | list):
        for each in asked:
            check_work(each, check, files=files)
    elif is_dataclass(asked):
        for each in fields(asked):
            value = getattr(asked, each.name)
            if value and each.name in FILE_FIELDS and not files:
                raise InputError("This server reads no files but its own.")
            check_work(value, check, files=files)
