"""Streamlit's own server with our routes, and one job that goes on until it is stopped."""

import tempfile
import time
from pathlib import Path

import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from backend.engine import Engine, LocalExecutor
from backend.progress import Progress
from backend.registry import Registry
from backend.runs import ModelSpec
from backend.settings import Settings
from backend.web import lifespan, middleware, routes
from backend.web.asset_routes import asset_routes
from tests.engine.fakes import Loader
from tests.web.fakes import FakeSource


def endless(model, *, report):
    for done in range(10**6):
        report(Progress(done, 10**6, f"Step {done}"))
        time.sleep(0.05)


class EngineSource(FakeSource):
    """Events of a real engine."""

    def __init__(self, engine):
        super().__init__()
        self.listen, self.stop = engine.listen, engine.stop
        self.announce_shutdown, self.close = engine.announce_shutdown, engine.close


loader = Loader()
loader.gate.set()
limits = Settings(cache_dir=Path(tempfile.mkdtemp()))
executor = LocalExecutor(limits, loader, Registry("study"), lambda model: model.weights)
engine = Engine(executor, limits=limits)
job = engine.call(ModelSpec(), endless, stay=True)
source = EngineSource(engine)
prefix = st.get_option("server.baseUrlPath")

app = st.App(
    "page.py",
    routes=[
        *routes(source, prefix),
        *asset_routes(prefix),
        Route("/job", lambda request: PlainTextResponse(job.id)),
    ],
    middleware=middleware(st.get_option("server.allowedHosts")),
    lifespan=lifespan(source),
)
