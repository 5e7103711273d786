"""The administrator's page, and the same figures as text for Prometheus."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..engine.executors.base import Work
from ..runs import ModelFacts, ModelSpec
from ..settings import settings
from ..storage.strict_json import parse
from . import traffic
from .assets import assets_version
from .readers import reader_of
from .routes import OWN_HEADER

_ONLY = "Only the administrator may see this: open /teach with the key, or ask for the role."
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Entroscope: administration</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 70rem; margin: 1.5rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin: 1.5rem 0 .3rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884 }
#said { color: light-dark(#b3261e, #ffb4ab) }
</style>
<h1>Administration</h1>
<p id="said" role="status"></p>
<h2>Work by readers, in turn</h2><div id="work"></div>
<h2>Readers who wait</h2><div id="readers"></div>
<h2>Models loaded</h2><div id="models"></div>
<h2>Machine</h2><div id="machine"></div>
<script type="module" src="assets/VERSION/readers/admin.js"></script>
</html>
"""


class Source(Protocol):
    """What the routes need of ``backend.cached``."""

    def work(self) -> list[Work]: ...
    def loaded(self) -> list[ModelFacts]: ...
    def memory(self) -> Mapping[str, int]: ...
    def stop_order(self, order_id: str) -> bool: ...
    def unload(self, spec: ModelSpec) -> bool: ...


def admin_routes(source: Source, prefix: str = "") -> list[Route]:
    """Return the routes; all are the administrator's alone.

    - ``GET admin``: the page
    - ``GET admin/state``: what it shows, as JSON
    - ``GET admin/metrics``: figures as text for Prometheus
    - ``POST admin/stop``: ``{order}``; ends an order of whichever reader
    - ``POST admin/unload``: a model; frees it unless it has work

    Args:
        source: the engine.
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
    """
    base = f"/{prefix.strip('/')}".rstrip("/")

    def page(_: Any) -> Response:
        return HTMLResponse(_PAGE.replace("VERSION", assets_version()))

    def state(_: Any) -> Response:
        return JSONResponse(_state(source))

    def metrics(_: Any) -> Response:
        return PlainTextResponse(_metrics(source), media_type="text/plain; version=0.0.4")

    def stop(said: Any) -> Response:
        if source.stop_order(str(said["order"])):
            return Response(status_code=204)
        return PlainTextResponse("It has ended already.", 404)

    def unload(said: Any) -> Response:
        names = ("source", "revision", "device", "dtype")
        spec = ModelSpec(**{name: said[name] for name in names})
        if source.unload(spec):
            return Response(status_code=204)
        return PlainTextResponse("It has work, or is not loaded: stop its studies first.", 409)

    return [
        Route(f"{base}/admin", _for_administrators(page)),
        Route(f"{base}/admin/state", _for_administrators(state)),
        Route(f"{base}/admin/metrics", _for_administrators(metrics)),
        Route(f"{base}/admin/stop", _for_administrators(stop), methods=["POST"]),
        Route(f"{base}/admin/unload", _for_administrators(unload), methods=["POST"]),
    ]


def _for_administrators(
    act: Callable[[Any], Response],
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if not reader_of(request).administers:
            return PlainTextResponse(_ONLY, 403, headers={"Cache-Control": "no-store"})
        said = None
        if request.method == "POST":
            if OWN_HEADER not in request.headers:
                return PlainTextResponse(f"The header {OWN_HEADER} is missing.", 403)
            said = await request.body()
        try:
            made = await run_in_threadpool(lambda: act(parse(said) if said is not None else None))
        except (LookupError, TypeError, ValueError, RecursionError):
            made = PlainTextResponse("The question cannot be read.", 400)
        made.headers["Cache-Control"] = "no-store"
        return made

    return answer


def _state(source: Source) -> dict[str, Any]:
    work, memory = source.work(), source.memory()
    free, counted = _free_disk(), traffic.counts()
    by_reader: dict[str, dict[str, int]] = {}
    for each in work:
        found = by_reader.setdefault(each.reader, {"waiting": 0, "running": 0})
        found["waiting" if each.state == "queued" else "running"] += 1
    return {
        "machine": {
            "Memory free": _readable(memory["free"]),
            "Memory promised to studies": _readable(memory["promised"]),
            "Disk free for saved runs": "unknown" if free is None else _readable(free),
            "Open connections": counted["open"],
            "Requests": counted["requests"],
            "Requests refused over a limit": counted["refused"],
        },
        "models": [_model(each) for each in source.loaded()],
        "work": [{name: getattr(each, name) for name in _WORK} for each in work],
        "readers": [{"reader": name, **found} for name, found in by_reader.items()],
    }


_WORK = ("order", "reader", "what", "model", "state", "message")


def _model(facts: ModelFacts) -> dict[str, Any]:
    device = "auto" if "," in facts.device else facts.device
    spec = {"source": facts.source, "revision": facts.revision, "device": device}
    return {
        "name": facts.name,
        "device": facts.device,
        "dtype": facts.dtype,
        "memory": _readable(facts.memory_bytes),
        "spec": {**spec, "dtype": facts.dtype},
    }


def _metrics(source: Source) -> str:
    work, models, memory = source.work(), source.loaded(), source.memory()
    counted, free = traffic.counts(), _free_disk()
    waiting = sum(each.state == "queued" for each in work)
    figures = {
        "studies_waiting": ("Orders that wait.", "gauge", waiting),
        "studies_running": ("Orders that run.", "gauge", len(work) - waiting),
        "readers_waiting": ("Readers who have orders.", "gauge", len({w.reader for w in work})),
        "models_loaded": ("Models in memory.", "gauge", len(models)),
        "model_bytes": ("Their bytes.", "gauge", sum(each.memory_bytes for each in models)),
        "memory_free_bytes": ("Memory that is free.", "gauge", memory["free"]),
        "memory_promised_bytes": ("Memory promised to work.", "gauge", memory["promised"]),
        "disk_free_bytes": ("Disk that is free.", "gauge", free or 0),
        "connections_open": ("Open requests and streams.", "gauge", counted["open"]),
        "requests_total": ("Requests so far.", "counter", counted["requests"]),
        "requests_refused_total": ("Refused over a limit.", "counter", counted["refused"]),
    }
    lines = []
    for name, (words, kind, value) in figures.items():
        full = f"entroscope_{name}"
        lines += [f"# HELP {full} {words}", f"# TYPE {full} {kind}", f"{full} {value}"]
    return "\n".join(lines) + "\n"


def _free_disk() -> int | None:
    place = settings().data_dir
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return None


def _readable(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"
