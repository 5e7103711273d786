"""What happens when the server starts, and when it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from types import FrameType
from typing import Any

from starlette.concurrency import run_in_threadpool

from ..errors import EntroscopeError
from .assets import vega
from .source import Source

_log = logging.getLogger(__name__)


def lifespan(source: Source) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Return the ``lifespan`` of the application.

    At the start the default model is loaded and the charts' library made, in a thread of their
    own. At the end all work is stopped.
    """

    @asynccontextmanager
    async def run(app: Any) -> AsyncIterator[None]:
        threading.Thread(target=_warm_up, args=(source,), name="warm up", daemon=True).start()
        with _before_shutdown(source.announce_shutdown):
            yield
        await run_in_threadpool(source.close)

    return run


def _warm_up(source: Source) -> None:
    try:
        source.warm_up()
    except EntroscopeError as error:  # pages say so too, and try again
        _log.error("%s", error)
    vega()


@contextmanager
def _before_shutdown(announce: Callable[[], None]) -> Iterator[None]:
    """Announce it as soon as the process is told to stop.

    The server waits for open connections before the lifespan ends, and a stream of events stays
    open as long as its job runs: without this it would wait for the study.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: FrameType | None) -> None:
        # In a thread: this one may hold the very lock that is needed.
        threading.Thread(target=announce, name="announce shutdown", daemon=True).start()
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for each in before:
        signal.signal(each, stop)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
