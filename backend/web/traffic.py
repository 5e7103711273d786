"""How many requests came, are open and were refused; for whoever looks after the server."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STARTS = ("http.response.start", "websocket.http.response.start")
_REFUSED = (413, 429, 503)

_counts = {"open": 0, "requests": 0, "refused": 0}


def counts() -> dict[str, int]:
    """Return how many connections are "open", and how many "requests" came and were "refused".

    Refused are those over a limit.
    """
    return dict(_counts)


class Traffic:
    """Counts every request; on the one thread that answers them all."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def seen(message: Message) -> None:
            if message["type"] in _STARTS and message["status"] in _REFUSED:
                _counts["refused"] += 1
            await send(message)

        _counts["requests"] += 1
        _counts["open"] += 1
        try:
            await self._app(scope, receive, seen)
        finally:
            _counts["open"] -= 1
