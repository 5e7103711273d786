"""The front door: Streamlit's server around components/shell.py, with our routes beside."""

import sys

import streamlit as st

from backend import cached
from backend.errors import InputError
from backend.settings import settings
from backend.web.admin import admin_routes
from backend.web.asset_routes import asset_routes
from backend.web.classroom import classroom_routes
from backend.web.codes import code_routes
from backend.web.documents import document_routes
from backend.web.estimates import estimate_routes
from backend.web.learning import learning_routes
from backend.web.leaving import leaving_routes
from backend.web.lifespan import lifespan
from backend.web.readers import for_accounts_only
from backend.web.routes import routes
from backend.web.samplers import sampler_routes
from backend.web.saved import saved_routes
from backend.web.security import middleware
from backend.web.starting import check_sign_in, check_start, starting_line
from backend.web.teach import teach_routes
from components.document import documents
from components.streamlit_private import SignedCookie, auth_section

prefix = st.get_option("server.baseUrlPath")
listens_on, hosts = st.get_option("server.address"), st.get_option("server.allowedHosts")
try:
    check_start(listens_on, hosts)
    check_sign_in(auth_section)
except InputError as error:
    sys.exit(str(error))
sys.stderr.write(starting_line(listens_on, st.get_option("server.port"), prefix) + "\n")

own = [
    *routes(cached, prefix=prefix),
    *sampler_routes(cached, prefix),
    *estimate_routes(cached, prefix),
    *saved_routes(cached, prefix),
    *code_routes(prefix),
    *learning_routes(cached, prefix),
    *leaving_routes(cached, prefix),
    *admin_routes(cached, prefix),
    *teach_routes(prefix),
    *classroom_routes(cached, prefix),
]
sign_in = settings().sign_in
if sign_in == "required":
    own = for_accounts_only(own)
open_to_all = [
    *document_routes(documents(cached.assets_version()), prefix),
    *asset_routes(prefix),
]
app = st.App(
    "components/shell.py",
    routes=[*open_to_all, *own],
    middleware=middleware(hosts, prefix, None if sign_in == "none" else SignedCookie()),
    lifespan=lifespan(cached),
)
