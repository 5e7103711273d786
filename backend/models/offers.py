"""Which models a server offers, and which it refuses."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InputError
from ..runs.model import NO_MODEL, ModelSpec
from ..settings import settings


@dataclass(frozen=True)
class ModelChoice:
    """A model to pick."""

    spec: ModelSpec
    label: str


def model_choices() -> list[ModelChoice]:
    """Return the models to offer, the bundled one first."""
    named = [ModelChoice(ModelSpec(source), source) for source in settings().models]
    return [ModelChoice(ModelSpec(), "SmolLM2-135M-Instruct (bundled)"), *named]


def any_model() -> bool:
    """Tell whether readers may name models that are not among ``model_choices``."""
    return settings().any_model


def is_offered(spec: ModelSpec) -> bool:
    """Tell whether a model is one of ``model_choices``, on any device and in any precision."""
    choices = {(choice.spec.source, choice.spec.revision) for choice in model_choices()}
    return (spec.source, spec.revision) in choices


def check_model(spec: ModelSpec) -> None:
    """Refuse a model that this server does not offer.

    Raises:
        InputError: with the models that it offers.
    """
    if spec == NO_MODEL:
        return
    if any_model() or is_offered(spec):
        return
    offered = [choice.spec.source for choice in model_choices()]
    if spec.source in offered:
        raise InputError(
            f"This server offers {spec.source!r} without a choice of revision. "
            f"Leave out the revision {spec.revision!r}."
        )
    raise InputError(
        f"This server does not offer {spec.source!r}. Choose one of: {', '.join(offered)}."
    )
