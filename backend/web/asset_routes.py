"""The route of the files that browsers load; open to all, for whoever signs in needs them too."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .assets import Assets, browser_assets, media_type
from .routes import FOR_EVER, refusal


def asset_routes(prefix: str = "", assets: Assets | None = None) -> list[Route]:
    """Return ``GET assets/<version>/<path>``.

    Args:
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
        assets: the files; those of ``components/browser`` by default.
    """
    base = f"/{prefix.strip('/')}".rstrip("/")
    files = assets or browser_assets()

    async def asset(request: Request) -> Response:
        path = request.path_params["path"]
        packed = "gzip" in request.headers.get("accept-encoding", "")
        at_hand = files.packed_at_hand if packed else files.at_hand
        found = None
        if request.path_params["version"] == files.version:
            read = files.packed if packed else files.read
            found = at_hand(path) or await run_in_threadpool(read, path)
        if found is None:
            return refusal("There is no such file.", 404)
        headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
        headers["Content-Type"] = media_type(path)
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Response(found, headers=headers)

    return [Route(f"{base}/assets/{{version}}/{{path:path}}", asset)]
