"""Where a teacher says the key: afterwards this browser teaches and administers."""

from __future__ import annotations

import asyncio
from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from ..settings import settings
from .readers import become_teacher
from .routes import read_body

MOST_BYTES = 2_000
_PAUSE = 0.5
"""Seconds that a wrong key costs."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Teach · Entroscope</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }}
body {{ margin: 0; min-height: 100dvh; display: grid; place-content: center; }}
form {{ display: grid; gap: 0.75rem; width: min(24rem, 86vw); }}
h1 {{ margin: 0; font-size: 1.5rem; }} p {{ margin: 0; }}
input, button {{ font: inherit; padding: 0.5rem 0.75rem; border-radius: 6px; }}
input {{ border: 1px solid #8a94a0; }}
button {{ border: 0; background: #0072b2; color: #fff; cursor: pointer; }}
[role=alert] {{ border-left: 3px solid #d55e00; padding-left: 0.75rem; }}
</style></head><body><form method="post" action="{action}">
<h1>Teach this class</h1>
<p>The key stands in the log of the server, or is the one that its administrator chose.</p>
{note}<label for="key">Key</label>
<input id="key" name="key" type="password" autocomplete="off" required autofocus>
<button>Teach in this browser</button></form></body></html>"""

_WRONG = '<p role="alert">That is not the key.</p>'


def teach_routes(prefix: str = "") -> list[Route]:
    """Return the route; a local server has none, as its one reader may do everything.

    - ``GET teach``: asks for the key, or takes it as ``?key=…``
    - ``POST teach``: takes it from the form

    Args:
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
    """
    if settings().mode == "local":
        return []
    base = f"/{prefix.strip('/')}".rstrip("/")

    async def answer(request: Request, key: str) -> Response:
        response = RedirectResponse(f"{base}/", 303, headers={"Cache-Control": "no-store"})
        if become_teacher(request, key, response, prefix):
            return response
        await asyncio.sleep(_PAUSE)
        return page(403, _WRONG)

    def page(status: int, note: str = "") -> Response:
        content = _PAGE.format(action=escape(f"{base}/teach"), note=note)
        return HTMLResponse(content, status, headers={"Cache-Control": "no-store"})

    async def ask(request: Request) -> Response:
        key = request.query_params.get("key")
        return page(200) if key is None else await answer(request, key)

    async def take(request: Request) -> Response:
        body = await read_body(request, MOST_BYTES)
        if body is None:
            return page(413, _WRONG)
        said = parse_qs(body.decode("utf-8", "replace"), max_num_fields=4)
        return await answer(request, said.get("key", [""])[0])

    return [
        Route(f"{base}/teach", ask, methods=["GET"]),
        Route(f"{base}/teach", take, methods=["POST"]),
    ]
