"""Models and studies without weights, steered step by step by the tests."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from backend.runs import ModelFacts, ModelSpec, Request, Run
from backend.runs.arrays import array
from backend.studies import Estimate, Progress

PATIENCE = 60.0  # seconds; only a broken engine ever waits this long


@dataclass(frozen=True, kw_only=True)
class FakeRequest(Request):
    """Ask for a few zeros."""

    kind: ClassVar[str] = "fake"
    text: str = "a"
    numbers: int = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class FakeRun(Run):
    """A few zeros."""

    kind: ClassVar[str] = "fake"
    values: np.ndarray = array("float32", "N")


class FakeModel:
    """Stands in for a LanguageModel; notes on which thread it dies."""

    def __init__(self, spec: ModelSpec, size: int, freed: queue.SimpleQueue) -> None:
        self.spec = spec
        self.thread = threading.current_thread()
        self._freed = freed
        self.facts = ModelFacts(
            source=spec.source, name=spec.source, revision=None, architecture="fake", parameters=1,
            layers=1, heads=1, kv_heads=1, hidden_size=1, vocab_size=2, context=8, dtype="float32",
            device="cpu", memory_bytes=size, weights="none",
        )  # fmt: skip

    def __del__(self) -> None:
        self._freed.put((self.spec.source, threading.current_thread()))


@dataclass
class Loader:
    """Loads fake models; a test may hold it back or make it fail."""

    sizes: dict[str, int] = field(default_factory=dict)
    failure: BaseException | None = None
    loads: list[str] = field(default_factory=list)
    started: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)
    freed: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)
    gate: threading.Event = field(default_factory=threading.Event)

    def __call__(self, spec: ModelSpec) -> FakeModel:
        self.loads.append(spec.source)
        self.started.put(spec.source)
        assert self.gate.wait(PATIENCE)
        if self.failure is not None:
            raise self.failure
        return FakeModel(spec, self.sizes.get(spec.source, 1), self.freed)


class SteeredStudy:
    """Takes one step whenever a test says so; texts named "quick" need no steering."""

    kind = "fake"

    def __init__(self) -> None:
        self.need = 0
        self.failure: BaseException | None = None
        self.runs: list[str] = []
        self.threads: dict[str, set[threading.Thread]] = {}
        self.started: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._steps = threading.Semaphore(0)

    def step(self, count: int = 1) -> None:
        self._steps.release(count)

    def estimate(self, model, request) -> Estimate:
        return Estimate(bytes=self.need)

    def run(self, model, request, report) -> FakeRun:
        self.runs.append(request.text)
        self.threads.setdefault(model.spec.source, set()).add(threading.current_thread())
        self.started.put(request.text)
        if not request.text.startswith("quick"):
            for done in range(2):
                report(Progress(done, 2, f"Step {done}"))
                assert self._steps.acquire(timeout=PATIENCE)
        report(Progress(2, 2, "Done"))
        if self.failure is not None:
            raise self.failure
        return FakeRun(
            request=request, model=model.facts, versions={"entroscope": "0"},
            created="", seconds=0.0,
            values=np.zeros(request.numbers, np.float32),
        )  # fmt: skip
