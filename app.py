"""The front door: Streamlit's server around components/shell.py, with our routes beside."""

import streamlit as st

from backend import cached
from backend.web.codes import code_routes
from backend.web.estimates import estimate_routes
from backend.web.learning import learning_routes
from backend.web.lifespan import lifespan
from backend.web.routes import routes
from backend.web.samplers import sampler_routes
from backend.web.saved import saved_routes
from backend.web.security import middleware

prefix = st.get_option("server.baseUrlPath")
app = st.App(
    "components/shell.py",
    routes=[
        *routes(cached, prefix=prefix),
        *sampler_routes(cached, prefix),
        *estimate_routes(cached, prefix),
        *saved_routes(cached, prefix),
        *code_routes(prefix),
        *learning_routes(cached, prefix),
    ],
    middleware=middleware(st.get_option("server.allowedHosts")),
    lifespan=lifespan(cached),
)
