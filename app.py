"""The front door: Streamlit's server around components/shell.py, with our routes beside."""

import streamlit as st

from backend import cached
from backend.web.lifespan import lifespan
from backend.web.routes import routes
from backend.web.security import middleware

app = st.App(
    "components/shell.py",
    routes=routes(cached, prefix=st.get_option("server.baseUrlPath")),
    middleware=middleware(st.get_option("server.allowedHosts")),
    lifespan=lifespan(cached),
)
