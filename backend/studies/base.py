"""What a study is: a question asked of a loaded model, answered by a run."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from ..progress import Progress, Report, ignore
from ..registry import Registry
from ..version import VERSION

__all__ = ["STUDIES", "Estimate", "Progress", "Report", "Study", "ignore", "provenance"]

if TYPE_CHECKING:
    from ..models import LanguageModel
    from ..runs import ModelFacts, Run


@dataclass(frozen=True)
class Estimate:
    """What a study will need on top of the model.

    Attributes:
        bytes: peak memory.
        seconds: time, or None where nobody measured this model yet.
    """

    bytes: int
    seconds: float | None = None


class Study(Protocol):
    """A question. ``request`` is the Request type of the same ``kind``."""

    kind: str

    def estimate(self, model: LanguageModel, request: Any) -> Estimate:
        """Say what the request needs, in milliseconds and without running the model.

        Raises:
            InputError: the request makes no sense; the message names the allowed range.
            OverBudgetError: the text does not fit the model's context; with both numbers.
        """
        ...

    def run(self, model: LanguageModel, request: Any, report: Report) -> Run | tuple[Run, ...]:
        """Answer the request; with several runs where it asks for several.

        Raises:
            CancelledError: ``report`` said so.
            InputError, OverBudgetError: as ``estimate``.
        """
        ...


STUDIES: Registry[Study] = Registry("study")


class Provenance(TypedDict):
    """The fields of a Run that say where its numbers come from."""

    model: ModelFacts
    versions: dict[str, str]
    created: str


def provenance(model: LanguageModel) -> Provenance:
    """Return the fields every study fills in alike: ``TextRun(**provenance(model), ...)``."""
    libraries = {name: version(name) for name in ("torch", "transformers", "numpy")}
    return Provenance(
        model=model.facts,
        versions={"entroscope": VERSION, "python": platform.python_version(), **libraries},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
