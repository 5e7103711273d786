"""The seam between the engine, which decides, and an executor, which works.

Everything that crosses it is plain and can be pickled: orders with requests go down; progress, runs
and errors come up. No model does, so that an executor may as well work on another machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ...errors import EntroscopeError
from ...progress import Progress
from ...runs import ModelFacts, ModelSpec, Request
from ...storage.stamps import Stamp

State = Literal["queued", "loading", "running", "done", "failed", "cancelled"]

FINISHED: frozenset[State] = frozenset({"done", "failed", "cancelled"})


@dataclass(frozen=True)
class Call:
    """A function of a module, to run with the model: ``function(model, *args, report=report)``."""

    function: Callable[..., Any]
    args: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What one reader may use; None for as much as there is.

    Attributes:
        places: orders of the reader that may wait or run at once, studies and calls each.
        tokens: that one study may read and write.
        seconds: that one order may run.
    """

    places: int | None = None
    tokens: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Order:
    """What an executor is asked to do with a model.

    Attributes:
        id: random.
        model: that is wanted.
        work: what to do with it.
        reader: who asked; readers take turns.
        limits: of the reader.
    """

    id: str
    model: ModelSpec
    work: Request | Call
    reader: str = ""
    limits: Limits = Limits()


@dataclass(frozen=True)
class Weights:
    """Which weights were read.

    Attributes:
        fingerprint: of the loaded model.
        stamps: of the files of all models that took part, from before they were loaded.
    """

    fingerprint: str
    stamps: tuple[Stamp, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Where an order stands.

    Attributes:
        state: of the order.
        progress: the last one.
        value: once done, the run, a tuple of runs, or what a call returned.
        error: once failed, what to tell the reader.
        weights: once done, those it was computed with.
    """

    state: State = "queued"
    progress: Progress = field(default_factory=lambda: Progress(0, 0, "Waiting for the model"))
    value: Any = None
    error: EntroscopeError | None = None
    weights: Weights | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will change."""
        return self.state in FINISHED


@dataclass(frozen=True)
class Work:
    """An order that waits or runs, for whoever looks after the server.

    Attributes:
        order: its id.
        reader: who asked.
        what: kind of the study, or name of the call.
        model: that is asked for.
        state, message: where it stands.
    """

    order: str
    reader: str
    what: str
    model: str
    state: State
    message: str


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory, without the model."""

    facts: ModelFacts
    weights: Weights


NOTHING_LOADED = LoadedModel(
    ModelFacts(
        source="", name="no model", revision=None, architecture="", parameters=0, layers=0,
        heads=0, kv_heads=0, hidden_size=0, vocab_size=1, context=None, dtype="float32",
        device="cpu", memory_bytes=0, weights="",
    ),
    Weights("", ((),)),
)  # fmt: skip
"""In the place of a model, for orders that need none."""


class Executor(Protocol):
    """Carries out orders. Every method may be called from any thread."""

    def check(self, order: Order) -> None:
        """Refuse what would be refused in any case, before an order is put in line.

        Raises:
            InputError: there is no such study, or its model is not offered here.
            OverBudgetError: it is larger than one reader's study may be.
        """
        ...

    def submit(self, order: Order, changed: Callable[[], None]) -> None:
        """Begin an order that was checked, or put it in line.

        Args:
            order: what to do.
            changed: called whenever the order stands elsewhere, from any thread and holding no
                lock, but never before this returns to the thread that submits.

        Raises:
            OverBudgetError: too much is waiting already.
        """
        ...

    def progress(self, order_id: str) -> Standing | None:
        """Return where an order stands; None once it was told that it is finished."""
        ...

    def cancel(self, order_id: str) -> None:
        """Stop an order at its next report, at once when it waits. Does nothing when finished."""
        ...

    def model(self, spec: ModelSpec) -> LoadedModel | None:
        """Return a model if it is in memory."""
        ...

    def models(self) -> list[LoadedModel]:
        """Return the models in memory, the least recently used first."""
        ...

    def work(self) -> list[Work]:
        """Return what runs and waits, of every model in its turn."""
        ...

    def memory(self) -> dict[str, int]:
        """Return the bytes that are "free" on the first device, and "promised" to work."""
        ...

    def seconds(self, request: Request) -> float | None:
        """Return about how long a study will take here, without running the model.

        None while its model is not loaded, and where nothing like it was ever measured.

        Raises:
            InputError, OverBudgetError: it would be refused.
        """
        ...

    def idle(self) -> bool:
        """Tell whether nothing runs or waits."""
        ...

    def unload(self, spec: ModelSpec) -> bool:
        """Free a model; return False, and leave it, while it has work or was not loaded."""
        ...

    def close(self, timeout: float) -> None:
        """Stop all work, free all models, and wait for that at most ``timeout`` seconds."""
        ...
