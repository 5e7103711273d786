"""How long studies take on this machine, learned from those that ran here."""

from __future__ import annotations

import json
import math
import statistics
import threading
import time
from pathlib import Path

from ..progress import Progress
from ..storage.atomic import write_atomically
from .executors.base import LoadedModel

_REMEMBERED = 12
"""Runs of one kind that are remembered of a model."""

_MODELS = 200
"""Models that are remembered, those measured last."""

_SAVE_EVERY = 5.0  # seconds

_NEAREST = 3
"""Runs that a prediction is the median of: short ones do less a second than long ones."""

_CALIBRATION = 0.3
"""Seconds after which a run's own progress tells how long the rest takes."""

Runs = dict[str, list[tuple[float, float]]]
"""Work and seconds of runs, by kind."""


def model_name(model: LoadedModel) -> str:
    """Return the name under which the pace of a model is kept."""
    return f"{model.weights.fingerprint} {model.facts.device} {model.facts.dtype}"


class Pace:
    """Seconds per unit of work, by model, device, number type and kind of study.

    May be used from any thread.

    Args:
        path: of the file to keep it in; one that cannot be read or written is left out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._models: dict[str, Runs] = _read(path)
        self._saved = 0.0

    def seconds(self, model: str, kind: str, work: float) -> float | None:
        """Return about how long a study takes; None where nothing like it was ever measured."""
        with self._lock:
            runs = [each for each in self._models.get(model, {}).get(kind, []) if min(each) > 0]
        if not runs or work <= 0:
            return None
        runs.sort(key=lambda run: abs(math.log(run[0] / work)))
        return work * statistics.median(seconds / done for done, seconds in runs[:_NEAREST])

    def learn(self, model: str, kind: str, work: float, seconds: float) -> None:
        """Remember how long a study took."""
        with self._lock:
            runs = self._models.pop(model, {})
            runs[kind] = [*runs.get(kind, []), (work, seconds)][-_REMEMBERED:]
            self._models[model] = runs  # the last to be measured is last
            while len(self._models) > _MODELS:
                del self._models[next(iter(self._models))]
            due = time.monotonic() - self._saved > _SAVE_EVERY
        if due:
            self.save()

    def save(self) -> None:
        """Write everything to the file; a folder that cannot be written costs only the memory."""
        with self._lock:
            written, self._saved = json.dumps(self._models), time.monotonic()
        try:
            write_atomically(self._path, written.encode())
        except OSError:
            return


class Stopwatch:
    """How much of one run is left, by its own progress and by what earlier runs took.

    Args:
        expected: seconds by earlier runs; None where there are none.
    """

    def __init__(self, expected: float | None) -> None:
        self._expected = expected
        self._started = self._counted = time.monotonic()
        self._first, self._total = 0, 0

    def left(self, progress: Progress) -> float | None:
        """Return the seconds left at this progress; None while nobody can know."""
        now = time.monotonic()
        if progress.total != self._total or progress.done < self._first:
            # Another part of the run, which counts something else.
            self._counted, self._first, self._total = now, progress.done, progress.total
        done, took = progress.done - self._first, now - self._counted
        known: list[float] = []
        if done > 0 and took >= _CALIBRATION:
            known.append(took * (progress.total - progress.done) / done)
        if self._expected is not None:
            known.append(max(0.0, self._expected - (now - self._started)))
        # The larger one: another part may follow the one that is counted now.
        return max(known, default=None)


def _read(path: Path) -> dict[str, Runs]:
    try:
        written = json.loads(path.read_text("utf-8"))
        return {
            str(model): {
                str(kind): [(float(work), float(seconds)) for work, seconds in runs]
                for kind, runs in kinds.items()
            }
            for model, kinds in written.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):  # missing, or not written by us
        return {}
