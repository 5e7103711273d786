"""An application with our routes in front of a page of its own."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from backend.settings import settings
from backend.web import lifespan, middleware, routes
from backend.web.asset_routes import asset_routes
from backend.web.assets import Assets
from tests.web.fakes import FakeSource

HOSTS = ["localhost", "*.example.org", "::1"]


@pytest.fixture(autouse=True)
def own_cache_folder(monkeypatch, tmp_path_factory):
    """Keep what is made for browsers out of the reader's cache."""
    monkeypatch.setenv("ENTROSCOPE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def source():
    return FakeSource()


@pytest.fixture
def assets(tmp_path):
    folder = tmp_path / "browser"
    (folder / "views").mkdir(parents=True)
    (folder / "frame.js").write_text("export const frame = 1\n")
    (folder / "views" / "strip.js").write_text("export default 1\n")
    (folder / "frame.css").write_text("p { color: red }\n")
    (folder / "secret.py").write_text("")
    return Assets(folder, {"made.js": (lambda: b"made()", "1.0")})


@pytest.fixture
def make_app(source, assets):
    def make(prefix="", hosts=HOSTS, source=source):
        page = Route("/{path:path}", lambda request: PlainTextResponse("a page"))
        return Starlette(
            routes=[*routes(source, prefix), *asset_routes(prefix, assets), page],
            middleware=middleware(hosts),
            lifespan=lifespan(source),
        )

    return make


@pytest.fixture
def client(make_app):
    return TestClient(make_app(), base_url="http://localhost", raise_server_exceptions=False)
