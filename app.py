"""The front door: the script of every page, on a server with our own routes in front."""

import streamlit as st

from backend import cached
from backend.web import lifespan, middleware, routes

app = st.App(
    "components/shell.py",
    routes=routes(cached, st.get_option("server.baseUrlPath")),
    middleware=middleware(st.get_option("server.allowedHosts")),
    lifespan=lifespan(cached),
)
