"""Where numbers come from: model, libraries and time, as every run keeps them."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, TypedDict

from ..version import VERSION

if TYPE_CHECKING:
    from ..runs import ModelFacts
    from .language import LanguageModel


class Made(TypedDict):
    """The fields of a Run that say with what it was computed, and when."""

    versions: dict[str, str]
    created: str


class Provenance(Made):
    """The fields of a Run that say where its numbers come from."""

    model: ModelFacts


@cache
def _libraries() -> dict[str, str]:
    """Return the versions of what computes; reading them takes as long as reading ten tokens."""
    return {name: version(name) for name in ("torch", "transformers", "numpy")}


def provenance(model: LanguageModel) -> Provenance:
    """Return the fields every study fills in alike: ``TextRun(**provenance(model), ...)``."""
    return Provenance(model=model.facts, **versions_now())


def versions_now() -> Made:
    """Return the same without a model, for runs that read none of the reader's."""
    return Made(
        versions={"entroscope": VERSION, "python": platform.python_version(), **_libraries()},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
