"""Models and studies without weights, steered step by step by the tests."""

from __future__ import annotations

import queue
import threading
import time
import weakref
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch

from backend.errors import NoRoomError
from backend.models.loading import stage
from backend.models.memory import check_room
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


class Words:
    """A tokenizer whose tokens are words."""

    def count(self, text: str) -> int:
        return len(text.split())


class FakeModel:
    """Stands in for a LanguageModel; notes on which thread it dies."""

    def __init__(self, spec: ModelSpec, size: int, loader: Loader) -> None:
        self.spec = spec
        self.weights = loader.weights
        self.tokenizer = Words()
        self.thread = threading.current_thread()
        self._freed = loader.freed
        self.facts = ModelFacts(
            source=spec.source, name=spec.source, revision=loader.revision,
            architecture="fake", parameters=1, layers=1, heads=1, kv_heads=1, hidden_size=1,
            vocab_size=2, context=8, dtype="float32", device="cpu", memory_bytes=size,
            weights="none",
        )  # fmt: skip

    def __del__(self) -> None:
        self._freed.put((self.spec.source, threading.current_thread()))


@dataclass
class Loader:
    """Loads fake models; a test may hold it back or make it fail."""

    sizes: dict[str, int] = field(default_factory=dict)
    room: int = 10**12
    weights: str = "first"
    revision: str | None = None
    needs: dict[str, int] = field(default_factory=dict)
    reserved: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)
    stages: int = 0
    failure: BaseException | None = None
    loads: list[str] = field(default_factory=list)
    started: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)
    freed: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)
    gate: threading.Event = field(default_factory=threading.Event)
    alive: weakref.WeakSet[FakeModel] = field(default_factory=weakref.WeakSet)
    at_stage: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)
    next_stage: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __call__(self, spec: ModelSpec) -> FakeModel:
        self.loads.append(spec.source)
        self.started.put(spec.source)
        if spec.source in self.needs:
            check_room(spec.source, self.needs[spec.source], [torch.device("cpu")])
            self.reserved.put(spec.source)
        for done in range(self.stages):
            self.at_stage.put(f"before {done}")
            stage(f"Loading: weight {done + 1} of {self.stages}", done, self.stages)
            self.at_stage.put(f"after {done}")
            assert self.next_stage.acquire(timeout=PATIENCE)
        assert self.gate.wait(PATIENCE)
        if self.failure is not None:
            raise self.failure
        size = self.sizes.get(spec.source, 1)
        if sum(model.facts.memory_bytes for model in self.alive) + size > self.room:
            raise NoRoomError(f"{spec.source} does not fit.")
        model = FakeModel(spec, size, self)
        self.alive.add(model)
        return model


class SteeredStudy:
    """Takes one step whenever a test says so; texts named "quick" need no steering.

    The more numbers are asked for, the more work it says it is.
    """

    kind = "fake"

    def __init__(self) -> None:
        self.need = 0
        self.work = 1.0
        self.partial: object = None
        self.pausable = False
        self.seconds: dict[str, float] = {}
        self.failure: BaseException | None = None
        self.runs: list[str] = []
        self.threads: dict[str, set[threading.Thread]] = {}
        self.started: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._steps = threading.Semaphore(0)

    def step(self, count: int = 1) -> None:
        self._steps.release(count)

    def estimate(self, model, request) -> Estimate:
        return Estimate(bytes=self.need, work=self.work * request.numbers)

    def run(self, model, request, report) -> FakeRun:
        self.runs.append(request.text)
        self.threads.setdefault(model.spec.source, set()).add(threading.current_thread())
        self.started.put(request.text)
        if not request.text.startswith("quick"):
            for done in range(2):
                report(Progress(done, 2, f"Step {done}", self.partial, self.pausable))
                assert self._steps.acquire(timeout=PATIENCE)
        time.sleep(self.seconds.get(request.text, 0.0))
        report(Progress(2, 2, "Done"))
        if self.failure is not None:
            raise self.failure
        return FakeRun(
            request=request, model=model.facts, versions={"entroscope": "0"},
            created="", seconds=0.0,
            values=np.zeros(request.numbers, np.float32),
        )  # fmt: skip
