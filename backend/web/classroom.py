"""Routes of a class: what the teacher does, what a reader answers, and one stream for both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..classroom import Classroom
from ..classroom.followed_runs import FollowedRuns
from ..classroom.streams import Streams
from ..derived.comparison import comparison_of
from ..errors import EntroscopeError, InputError
from ..lenses.looks import Look, read_look
from ..readers import Reader
from ..runs import Run
from ..settings import settings
from ..storage.strict_json import parse
from .readers import reader_of
from .routes import OWN_HEADER, read_body, refusal
from .stream import EventStream

MOST_BYTES = 20_000
"""Of what is asked."""

Endpoint = Callable[[Request], Awaitable[Response]]
Act = Callable[[Reader, Mapping[str, Any]], Any]


class Source(Protocol):
    """What these routes need of ``backend.cached``."""

    def classroom(self) -> Classroom: ...
    def class_streams(self) -> Streams: ...
    def followed_runs(self) -> FollowedRuns: ...
    def followed_key(self, content: str) -> str: ...
    def run_of(self, content: str) -> Run | None: ...


def classroom_routes(source: Source, prefix: str = "") -> list[Route]:
    """Return the routes; only a class has any.

    Everybody's:

    - ``GET class/events``: server-sent events, one stream a browser; each holds all there is to see
    - ``POST class/answer``: ``{question, word}`` or ``{question, place}``

    The teacher's, who is known by the cookie; anybody else is refused:

    - ``POST class/ask``: ``{lesson, step}``
    - ``POST class/close``, ``class/reopen``, ``class/away``
    - ``POST class/follow``: ``{look, content}``; a look of null lets all go
    - ``GET class/answers.csv``

    Args:
        source: the classroom, and the runs in memory.
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
    """
    if settings().mode != "class":
        return []
    base = f"/{prefix.strip('/')}".rstrip("/") + "/class"
    serve = _Serving(source)
    teachers = {
        "ask": serve.ask,
        "close": lambda reader, said: serve.room.close(),
        "reopen": lambda reader, said: serve.room.reopen(),
        "away": lambda reader, said: serve.room.put_away(),
        "follow": serve.follow,
    }
    return [
        Route(f"{base}/events", _ClassEvents(source)),
        Route(f"{base}/answer", _asked(serve.answer), methods=["POST"]),
        Route(f"{base}/answers.csv", serve.csv),
        *(
            Route(f"{base}/{name}", _asked(act, teachers_only=True), methods=["POST"])
            for name, act in teachers.items()
        ),
    ]


class _Serving:
    """What answers each route."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def room(self) -> Classroom:
        return self._source.classroom()

    def ask(self, reader: Reader, said: Mapping[str, Any]) -> None:
        self.room.ask(str(said["lesson"]), int(said["step"]))

    def answer(self, reader: Reader, said: Mapping[str, Any]) -> Any:
        return {"label": self.room.answer(reader.owner, str(said["question"]), said).label}

    def follow(self, reader: Reader, said: Mapping[str, Any]) -> None:
        look = said["look"]
        if look is not None:
            look = str(self._lasting(read_look(str(look)), str(said.get("content", ""))))
        self.room.follow(look)

    def _lasting(self, look: Look, content: str) -> Look:
        """Return a look whose runs all may open, and whose runs outlive the memory."""
        if not content or {"example", "run", "a"} & look.query.keys():
            return look  # no run at all, or shipped, or of a lesson
        run = self._source.run_of(content)
        if run is not None:
            return Look(look.page, {**look.query, "run": self._kept(content, run)})
        pair = comparison_of(content, self._source.run_of)
        if pair is None:
            raise InputError("A class cannot follow this view: its run is not in memory any more.")
        request = pair.request
        sides = {"a": self._kept(request.a, pair.a), "b": self._kept(request.b, pair.b)}
        named = {side: f"run:{key}" for side, key in sides.items()}
        return Look(look.page, {**look.query, **named})

    def _kept(self, content: str, run: Run) -> str:
        """Keep a run for all, and return the key under which they find it."""
        self._source.followed_runs().keep(content, run)
        return self._source.followed_key(content)

    async def csv(self, request: Request) -> Response:
        if not reader_of(request).teaches:
            return refusal(_ONLY, 403)
        try:
            written = await run_in_threadpool(self.room.csv)
        except EntroscopeError as error:
            return refusal(str(error), 503)
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": "attachment; filename=answers.csv",
        }
        return Response(written, media_type="text/csv; charset=utf-8", headers=headers)


class _ClassEvents:
    """``GET class/events``, as an application: a stream is no ordinary response."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            response = PlainTextResponse("Method Not Allowed", 405, headers={"Allow": "GET"})
            await response(scope, receive, send)
            return
        reader, streams = reader_of(scope), self._source.class_streams()
        try:
            room = self._source.classroom()
            await run_in_threadpool(lambda: room.question)  # read here, not in the loop
        except EntroscopeError as error:
            await refusal(str(error), 503)(scope, receive, send)
            return

        def seen() -> dict[str, Any]:
            more = {"here": streams.here} if reader.teaches else {}
            own = room.seen_by(reader.owner, teaches=reader.teaches)
            return {"teaches": reader.teaches, **more, **own}

        events = streams.listen(reader.owner, seen, student=not reader.teaches)
        await EventStream(events)(scope, receive, send)


_ONLY = "Only the teacher may do this. The teacher's browser opens /teach once."


def _asked(act: Act, *, teachers_only: bool = False) -> Endpoint:
    """Return what answers a change that only our own pages may ask for."""

    async def answer(request: Request) -> Response:
        if OWN_HEADER not in request.headers:
            return refusal(f"The header {OWN_HEADER} is missing.", 403)
        reader = reader_of(request)
        if teachers_only and not reader.teaches:
            return refusal(_ONLY, 403)
        body = await read_body(request, MOST_BYTES)
        if body is None:
            return refusal(f"That is more than {MOST_BYTES:,} bytes.", 413)
        try:
            said = parse(body or b"{}")
            made = await run_in_threadpool(act, reader, dict(said))
        except EntroscopeError as error:
            return refusal(str(error), 400)
        except (LookupError, TypeError, ValueError, OverflowError, RecursionError):
            return refusal("This says nothing of use.", 400)
        return JSONResponse(made or {}, headers={"Cache-Control": "no-store"})

    return answer
