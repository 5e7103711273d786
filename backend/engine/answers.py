"""Which runs answer which requests, for as long as the models are the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..runs import ModelSpec, Request
from ..storage.run_store import RunStore
from ..storage.stamps import stamps
from .executors.base import Weights


@dataclass(frozen=True)
class Answer:
    """Runs that answer a request.

    Attributes:
        request: that they answer.
        contents: their names, in the order asked for.
        weights: that they were computed with.
        single: whether there is one run, and not a tuple.
    """

    request: Request
    contents: tuple[str, ...]
    weights: Weights
    single: bool


class Answers:
    """Answers by whose they are and the key of the request. Not locked: its owner does that.

    Args:
        store: holds the runs; what it drops answers nothing.
    """

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._answers: OrderedDict[tuple[str, str], Answer] = OrderedDict()

    def put(
        self,
        whose: str,
        request: Request,
        value: Any,
        contents: Sequence[str],
        weights: Weights,
    ) -> None:
        """Note what answers ``request``, and of several runs what each of them answers.

        Args:
            whose: the reader whom it answers; empty for all.
            request: that was asked.
            value: a run, or a tuple of runs.
            contents: their names.
            weights: that they were computed with.
        """
        single = not isinstance(value, tuple)
        for run, content in zip((value,) if single else value, contents, strict=True):
            self._put(whose, Answer(run.request, (content,), weights, single=True))
        self._put(whose, Answer(request, tuple(contents), weights, single))
        # Requests hold texts: none outlives its runs.
        gone = [key for key, each in self._answers.items() if not self._store.holds(each.contents)]
        for key in gone:
            del self._answers[key]

    def get(self, whose: str, key: str) -> Answer | None:
        """Return what answers the request of ``key``, whether or not it still holds."""
        return self._answers.get((whose, key))

    def value(self, answer: Answer, fingerprint: str | None) -> Any:
        """Return the runs of an answer, or None when it holds no longer.

        Looks at the files of its models: not to be called under a lock.

        Args:
            answer: from ``get``.
            fingerprint: of the model of the request, where it is loaded.
        """
        weights = answer.weights
        if fingerprint is not None and fingerprint != weights.fingerprint:
            return None
        if weights.stamps != stamps(answer.request):
            return None
        runs = tuple(self._store.get(each) for each in answer.contents)
        if any(run is None for run in runs):
            return None
        return runs[0] if answer.single else runs

    def used(self, whose: str, key: str) -> None:
        """Note that an answer was given again."""
        if (whose, key) in self._answers:
            self._answers.move_to_end((whose, key))

    def newest(self, spec: ModelSpec, kind: str) -> Iterator[Answer]:
        """Yield answers of one run of a kind of a model, those used last first."""
        for answer in reversed(self._answers.values()):
            request = answer.request
            if answer.single and request.kind == kind and request.model == spec:
                yield answer

    def _put(self, whose: str, answer: Answer) -> None:
        key = whose, answer.request.key
        self._answers.pop(key, None)
        self._answers[key] = answer
