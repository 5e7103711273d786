"""What a study is: a question asked of a loaded model, answered by a run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ..models.provenance import provenance
from ..progress import Progress, Report, ignore
from ..reading.encoding import encode_in_context
from ..reading.reader import read, reading_bytes, reading_work
from ..reading.windows import Window, one_window
from ..registry import Registry

__all__ = [
    "STUDIES",
    "Estimate",
    "Progress",
    "ReadingStudy",
    "Report",
    "Study",
    "ignore",
    "provenance",
]

if TYPE_CHECKING:
    from ..models import LanguageModel
    from ..models.tokenizer import Encoding
    from ..runs import Run
    from ..taps.base import Tap


@dataclass(frozen=True)
class Estimate:
    """What a study will need on top of the model.

    Attributes:
        bytes: peak memory.
        work: about how many multiplications it takes; the engine knows how many this machine
            does in a second.
    """

    bytes: int
    work: float


class Study(Protocol):
    """A question. ``request`` is the Request type of the same ``kind``."""

    kind: ClassVar[str]

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


class ReadingStudy:
    """A study that reads one text once: it names its taps and makes a run of what they saw.

    Several of them share one reading; see ``studies/many.py``.
    """

    kind: ClassVar[str]

    def encode(self, model: LanguageModel, request: Any) -> Encoding:
        """Check the request and return the tokens of its text."""
        return encode_in_context(model, request)

    def windows(self, model: LanguageModel, request: Any, tokens: int) -> list[Window]:
        """Return how the text is read; in one window unless a study says otherwise."""
        return one_window(tokens)

    def taps(self, model: LanguageModel, request: Any, encoding: Encoding) -> Sequence[Tap]:
        """Return what has to watch the reading."""
        raise NotImplementedError

    def finish(
        self,
        model: LanguageModel,
        request: Any,
        encoding: Encoding,
        taps: Sequence[Any],
        started: float,
    ) -> Run:
        """Return the run of what ``taps`` saw; the study began at ``started`` (perf_counter)."""
        raise NotImplementedError

    def after(
        self,
        model: LanguageModel,
        request: Any,
        encoding: Encoding,
        taps: Sequence[Any],
        started: float,
        report: Report,
    ) -> None:
        """Do what has to wait until everything is read; for most studies nothing.

        Raises:
            CancelledError: ``report`` said so. A ``partial_run`` on it has what is there.
        """

    def run_bytes(self, request: Any, tokens: int) -> int:
        """Return the size of the run, beside what the taps hold."""
        return 32 * tokens

    def estimate(self, model: LanguageModel, request: Any) -> Estimate:
        """Return memory and work of the reading with these taps."""
        encoding = self.encode(model, request)
        tokens, taps = len(encoding), self.taps(model, request, encoding)
        windows = self.windows(model, request, tokens)
        kept = self.run_bytes(request, tokens)
        return Estimate(
            reading_bytes(model, tokens, windows, taps) + kept,
            reading_work(model, tokens, taps),
        )

    def run(self, model: LanguageModel, request: Any, report: Report) -> Run:
        """Read the text once.

        Raises:
            InputError, OverBudgetError: as ``estimate``.
            ModelError: the model gave something that is not a number, as some do in float16.
            NotDefinedError: this model has nothing of what was asked for.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        encoding = self.encode(model, request)
        taps = self.taps(model, request, encoding)
        read(model, encoding.ids, self.windows(model, request, len(encoding)), taps, report)
        self.after(model, request, encoding, taps, started, report)
        return self.finish(model, request, encoding, taps, started)
