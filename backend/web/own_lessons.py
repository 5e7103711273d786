"""Routes of the lessons that teachers make: every change is on the disk when it is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..errors import EntroscopeError, InputError
from ..lenses.looks import Look, read_look
from ..lessons import Lesson, Step, listed, plain
from ..lessons.file import MOST_BYTES, SUFFIX, dump_lesson, take_lesson
from ..lessons.own import SAVED, Kept, OwnLessons, checked
from ..runs import Run
from ..storage.library import Library
from ..storage.strict_json import parse
from .readers import reader_of
from .routes import OWN_HEADER, read_body

MOST_QUESTION = 2_000_000
"""Bytes of what is asked, lesson files apart."""
MINUTES = 10
"""Of a new lesson, until its teacher says how long it takes."""

MOST_BRANCHES = 16
"""Of one step."""

Endpoint = Callable[[Request], Awaitable[Response]]


class Source(Protocol):
    """What these routes need of ``backend.cached``."""

    def own_lessons(self) -> OwnLessons: ...
    def library(self) -> Library: ...
    def run_of(self, content: str) -> Run | None: ...


def own_lesson_routes(source: Source, prefix: str = "") -> list[Route]:
    """Return the routes; all answer with a lesson as ``own_plain`` makes it, or one clear line.

    Everybody may read them; changes are the teacher's, where the server serves others.

    - ``POST learn/own``: ``{title}``; a new lesson
    - ``POST learn/own/file``: a lesson file as the body; the lesson that is in it
    - ``PUT learn/own/<id>``: ``{lesson, version}``; in the place of that version
    - ``POST learn/own/<id>/steps``: ``{look, content, branches}``; one more step, which shows
      these runs
    - ``POST learn/own/<id>/look``: likewise; ``{look}`` at runs that stay, for a step
    - ``DELETE learn/own/<id>``, ``POST learn/own/<id>/restore``: throws it away, and back
    - ``GET learn/own/<id>/file``: it and its runs, as one file

    Args:
        source: runs, library and lessons.
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
    """
    base = f"/{prefix.strip('/')}".rstrip("/") + "/learn/own"
    serve = _Serving(source)
    return [
        Route(base, _asked(serve.create), methods=["POST"]),
        Route(f"{base}/file", _asked(serve.take, MOST_BYTES), methods=["POST"]),
        Route(f"{base}/{{id}}", _asked(serve.change), methods=["PUT"]),
        Route(f"{base}/{{id}}", _asked(serve.delete), methods=["DELETE"]),
        Route(f"{base}/{{id}}/steps", _asked(serve.add), methods=["POST"]),
        Route(f"{base}/{{id}}/look", _asked(serve.look), methods=["POST"]),
        Route(f"{base}/{{id}}/restore", _asked(serve.restore), methods=["POST"]),
        Route(f"{base}/{{id}}/file", serve.file),
    ]


def own_plain(kept: Kept) -> dict[str, Any]:
    """Return a teacher's lesson ready for JSON."""
    return {**plain(kept.lesson), "name": kept.name, "own": kept.id, "version": kept.version}


def own_listed(kept: Kept) -> dict[str, Any]:
    """Return what a list shows of it."""
    return {**listed(kept.lesson), "name": kept.name, "own": kept.id, "version": kept.version}


class _Serving:
    """What answers each route: of the id in the address and the bytes that were sent."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def create(self, _: str, body: bytes) -> Any:
        return own_plain(self._lessons.create(Lesson(str(parse(body)["title"]), MINUTES, "", ())))

    def take(self, _: str, body: bytes) -> Any:
        return own_plain(
            self._lessons.create(take_lesson(body, self._source.library().for_everyone()))
        )

    def change(self, lesson_id: str, body: bytes) -> Any:
        said = parse(body)
        lesson = checked(said["lesson"])
        return own_plain(self._lessons.change(lesson_id, lesson, str(said["version"])))

    def add(self, lesson_id: str, body: bytes) -> Any:
        return own_plain(self._lessons.add(lesson_id, Step("", self._look(lesson_id, body))))

    def look(self, lesson_id: str, body: bytes) -> Any:
        return {"look": self._look(lesson_id, body)}

    def delete(self, lesson_id: str, _: bytes) -> Any:
        self._lessons.delete(lesson_id)
        return {}

    def restore(self, lesson_id: str, _: bytes) -> Any:
        self._lessons.restore(lesson_id)
        return own_plain(self._lessons.find(lesson_id))

    async def file(self, request: Request) -> Response:
        def make() -> tuple[str, bytes]:
            lesson = self._lessons.find(request.path_params["id"]).lesson
            return lesson.name or "lesson", dump_lesson(lesson, self._source.library())

        try:
            name, data = await run_in_threadpool(make)
        except EntroscopeError as error:
            return _refusal(error, 404)
        saved_as = f"attachment; filename*=UTF-8''{quote(name)}{SUFFIX}"
        headers = {"Cache-Control": "no-store", "Content-Disposition": saved_as}
        return Response(data, media_type="application/octet-stream", headers=headers)

    @property
    def _lessons(self) -> OwnLessons:
        return self._source.own_lessons()

    def _look(self, lesson_id: str, body: bytes) -> str:
        said = parse(body)
        self._lessons.find(lesson_id)  # before a run is saved for nothing
        look, branches = read_look(str(said["look"])), said.get("branches", [])
        if not isinstance(branches, list) or len(branches) > MOST_BRANCHES:
            raise InputError(f"A step shows at most {MOST_BRANCHES} branches.")
        found = [self._run(str(each)) for each in branches]
        shown = self._shown(look, str(said.get("content", "")))
        if not found:
            return str(shown)
        return str(Look(shown.page, {**shown.query, "branches": ".".join(map(self._saved, found))}))

    def _shown(self, look: Look, content: str) -> Look:
        """Return a look at a run that stays: a shipped one, else it is saved now."""
        if "example" in look.query:
            return look
        rest = {name: value for name, value in look.query.items() if name != "run"}
        return Look(look.page, {"run": self._saved(self._run(content)), **rest})

    def _run(self, content: str) -> Run:
        run = self._source.run_of(content)
        if run is None:
            raise InputError("A lesson can keep no run of this view. Save it, or show an example.")
        return run

    def _saved(self, run: Run) -> str:
        return f"{SAVED}{self._source.library().for_everyone().save(run)}"


def _asked(act: Callable[[str, bytes], Any], most: int = MOST_QUESTION) -> Endpoint:
    """Return what answers a change that only our own pages may ask for."""

    async def answer(request: Request) -> Response:
        if OWN_HEADER not in request.headers:
            return PlainTextResponse(f"The header {OWN_HEADER} is missing.", 403)
        if not reader_of(request).teaches:
            return PlainTextResponse("Only a teacher may change lessons.", 403)
        body = await read_body(request, most)
        if body is None:
            return PlainTextResponse(f"That is more than {most:,} bytes.", 413)
        try:
            made = await run_in_threadpool(act, request.path_params.get("id", ""), body)
        except EntroscopeError as error:
            return _refusal(error, 400)
        except (LookupError, TypeError, ValueError, RecursionError):
            return PlainTextResponse("The question cannot be read.", 400)
        return JSONResponse(made, headers={"Cache-Control": "no-store"})

    return answer


def _refusal(error: EntroscopeError, status: int) -> Response:
    return PlainTextResponse(str(error), status, headers={"Cache-Control": "no-store"})
