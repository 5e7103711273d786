"""One view of the stage alone in a page: our own modules, parcels of real and made-up runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import plotly
import uvicorn
import vl_convert
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    PlainTextResponse,
    Response,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from backend.charts.colours import javascript
from backend.errors import InputError
from tests.browser import parts

HERE = Path(__file__).parent
BROWSER = HERE.parents[1] / "components" / "browser"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>One view</title>
<link rel="icon" href="data:,">
<style>html,body{margin:0;height:100%}main{position:fixed;inset:12px}#host{height:100%}</style>
</head><body><main><div id="host"></div></main>
<script type="module" src="/stage.js"></script></body></html>"""


def styles() -> str:
    """Return all style sheets, as the component is given them."""
    sheets = [BROWSER / "base.css", *sorted((BROWSER / "views").glob("*.css"))]
    return "\n".join(each.read_text("utf-8") for each in sheets)


@cache
def vega() -> str:
    """Return Vega with its parts in one script."""
    return vl_convert.javascript_bundle()


def script(text: str) -> Response:
    """Return an ES module."""
    return Response(text, media_type="text/javascript")


def parcel(request: Request) -> Response:
    """Answer with a part of a run, a chart of it, or one line that says why not."""
    run, part = request.path_params["run"], request.path_params["part"]
    try:
        made = parts.answer(run, part, dict(request.query_params))
    except InputError as error:
        return PlainTextResponse(str(error), 404)
    return Response(made)


def application() -> Starlette:
    """Return what serves one view alone."""
    plotly_js = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return Starlette(
        routes=[
            Route("/", lambda request: HTMLResponse(PAGE)),
            Route("/stage.js", lambda request: FileResponse(HERE / "stage.js")),
            Route("/styles.css", lambda request: Response(styles(), media_type="text/css")),
            Route("/assets/dev/colours.js", lambda request: script(javascript())),
            Route("/assets/dev/vega.js", lambda request: script(vega())),
            Route("/assets/dev/plotly.js", lambda request: FileResponse(plotly_js)),
            Mount("/assets/dev", StaticFiles(directory=BROWSER)),
            Route("/data/{run}/{part:path}", parcel),
        ]
    )


class Serving:
    """The application in a thread, on a free port."""

    def __init__(self) -> None:
        config = uvicorn.Config(application(), port=0, log_level="warning")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        """End the thread."""
        self._server.should_exit = True
        self._thread.join(5)


Panel = Mapping[str, Any]
Mounted = Callable[..., Any]


def arguments(run: str, panel: str | Panel, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``mount`` in stage.js takes."""
    plain = parts.panel(run, panel) if isinstance(panel, str) else panel
    described = {"content": run, "kind": parts.kind(run), "tokens": parts.tokens(run)}
    return {"run": described, "panel": plain, "state": dict(state)}
