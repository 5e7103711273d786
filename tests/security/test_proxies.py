"""Which headers of a proxy count, and which pages may steer ours, on Streamlit's own server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from streamlit import config
from streamlit.web.server.starlette.starlette_routes import create_host_config_routes
from streamlit.web.server.starlette.starlette_server import _get_uvicorn_config_kwargs

from backend.web.security import middleware

ROOT = Path(__file__).parents[2]
HOST = "entropy.example"


def says(request: Request) -> JSONResponse:
    """Answer with who asks, as the application sees it."""
    client = request.client.host if request.client else None
    return JSONResponse({"client": client, "scheme": request.url.scheme})


@pytest.fixture
def ask(monkeypatch) -> Iterator[Callable[..., httpx.Response]]:
    """Return a function that asks a server, as Streamlit sets it up, from this machine."""

    @contextmanager
    def server() -> Iterator[str]:
        routes = [Route("/says", says), *create_host_config_routes(None)]
        app = Starlette(routes=routes, middleware=middleware([HOST]))
        made = uvicorn.Server(
            uvicorn.Config(app, port=0, log_level="warning", **_get_uvicorn_config_kwargs())
        )
        thread = threading.Thread(target=made.run, daemon=True)
        thread.start()
        while not made.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{made.servers[0].sockets[0].getsockname()[1]}"
        made.should_exit = True
        thread.join(10)

    def get(path: str = "/says", *, proxies: str | None = None, **headers: str) -> httpx.Response:
        if proxies is not None:
            monkeypatch.setenv("FORWARDED_ALLOW_IPS", proxies)
        with server() as url:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return httpx.get(url + path, headers={"Host": HOST} | named)

    return get


def test_a_proxy_on_this_machine_says_for_whom_it_asks(ask):
    said = ask(X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="https").json()
    assert said == {"client": "203.0.113.9", "scheme": "https"}


def test_what_another_machine_forwards_counts_only_where_it_is_named(ask):
    said = ask(proxies="10.0.0.1", X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="https").json()
    assert said == {"client": "127.0.0.1", "scheme": "http"}


def test_of_a_chain_only_what_the_named_proxy_added_counts(ask):
    said = ask(X_Forwarded_For="198.51.100.7, 203.0.113.9").json()
    assert said["client"] == "203.0.113.9"


def test_a_forwarded_name_opens_no_door(ask):
    assert ask(Host="evil.example", X_Forwarded_Host=HOST).status_code == 400
    assert ask(X_Forwarded_Host="evil.example").status_code == 200
    assert ask(Forwarded="for=203.0.113.9;host=evil.example").json()["client"] == "127.0.0.1"


@pytest.mark.parametrize("name", ["", f"{HOST}.evil.example", f"evil.example#{HOST}", f"{HOST}@x"])
def test_a_name_that_only_looks_like_ours_is_refused(ask, name):
    assert ask(Host=name).status_code == 400


def test_no_page_around_ours_may_steer_it(ask):
    config.get_config_options(force_reparse=True)
    said = ask("/_stcore/host-config").json()
    assert said["allowedOrigins"] == []
    assert not said["enableCustomParentMessages"]
