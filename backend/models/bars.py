"""The progress bars of transformers and of the hub's library, turned into reports on loading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

from tqdm.asyncio import tqdm_asyncio
from transformers import modeling_gguf_pytorch_utils
from transformers.utils import logging

from ..progress import Progress
from .loading import listener, stage

# What transformers counts, by the first word that its bars say.
_COUNTED = {"Converting": "tensor", "Loading": "weight", "Writing": "file"}

_task: ContextVar[str | None] = ContextVar("task", default=None)


@contextmanager
def telling(task: str) -> Iterator[None]:
    """Report what transformers counts inside the block, and keep its bars off the terminal.

    Args:
        task: "Loading SmolLM2"; reports then say "Loading SmolLM2: weight 3 of 272".
    """
    stage(f"{task} …")
    token = _task.set(task)
    try:
        yield
    finally:
        _task.reset(token)


class _Counter(logging.EmptyTqdm):
    """Stands where transformers expects a bar."""

    def __init__(self, task: str, things: Iterable[Any], noun: str) -> None:
        self._things = list(things)
        self._said = f"{task}: {noun}"

    def __iter__(self) -> Iterator[Any]:
        total = len(self._things)
        for done, thing in enumerate(self._things):
            stage(f"{self._said} {done + 1:,} of {total:,}", done, total)
            yield thing


def _bar(factory: Any, args: tuple, described: dict[str, Any]) -> Any:
    task = _task.get()
    if task is None:
        return factory(*args, **described)
    noun = _COUNTED.get(str(described.get("desc")).split(" ")[0], "step")
    return _Counter(task, args[0] if args else (), noun)


# Both stay for good: outside of ``telling`` every bar is what it was.
logging.set_tqdm_hook(_bar)
modeling_gguf_pytorch_utils.tqdm = logging.tqdm  # type: ignore[reportAttributeAccessIssue]


def download_bar(name: str) -> type[tqdm_asyncio]:
    """Return a class of bars for ``snapshot_download`` that report instead of drawing.

    Args:
        name: of the model, for the message.
    """
    report, lock = listener(), Lock()  # the library's own threads have no listener
    bars: dict[str, Bar] = {}

    class Bar(tqdm_asyncio):
        """Counts the files, or the bytes of all files together."""

        def __init__(self, *args: Any, **described: Any) -> None:
            super().__init__(*args, **described | {"disable": True})
            bars[str(described.get("desc")).split(" ")[0]] = self

        def update(self, n: float | None = 1) -> None:
            with lock:
                self.n += n or 0
            self.refresh()

        def refresh(self, *_: Any, **__: Any) -> None:
            files, size = bars.get("Fetching"), bars.get("Reconstructing")
            if files is not None and size is not None and size.total:
                megabytes = f"{size.n / 1e6:,.0f} of {size.total / 1e6:,.0f} MB"
                told = f"Downloading {name}: {files.n} of {files.total} files, {megabytes}"
                report(Progress(int(size.n), int(size.total), told))

    return Bar
