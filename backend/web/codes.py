"""A link as a QR code, for a room full of phones."""

from __future__ import annotations

from io import BytesIO

import segno
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

LONGEST = 1000
"""Bytes; a code with more has squares that no phone tells apart across a room."""


def code_routes(prefix: str = "") -> list[Route]:
    """Return the route.

    - ``GET qr.svg?text=``: a QR code, black on white with the margin that readers want

    Args:
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
    """
    base = f"/{prefix.strip('/')}".rstrip("/")

    async def code(request: Request) -> Response:
        text = request.query_params.get("text", "")
        if not text or len(text.encode()) > LONGEST:
            return PlainTextResponse(f"A code holds 1 to {LONGEST} bytes.", 413 if text else 400)
        return Response(svg(text), media_type="image/svg+xml")

    return [Route(f"{base}/qr.svg", code)]


def svg(text: str) -> bytes:
    """Return the code as an SVG picture of no size of its own."""
    picture = BytesIO()
    segno.make(text, micro=False).save(
        picture, kind="svg", border=4, light="#fff", xmldecl=False, omitsize=True
    )
    return picture.getvalue()
