"""Everything that leans on how Streamlit 1.67 is made, and not on what it promises.

Each use has a test; the browser's counterpart is ``browser/private.js``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import file_util, runtime
from streamlit.auth_util import (
    get_cookie_with_chunks,
    get_origin_from_redirect_uri,
    get_secrets_auth_section,
)
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

SERVER_OF_PAGE = 'window.__streamlit = {BACKEND_BASE_URL: new URL("./", location.href).href};'
"""Script that says where a page's server is; without it Streamlit looks below the page first, and
waits a tenth of a second before it looks further."""

_ELEMENTS = ("BidiComponent", "Html")
"""Elements that a page of ours always has; Streamlit loads their modules when it meets them."""


def document(head: str) -> str:
    """Return Streamlit's own HTML with more at the end of its head."""
    before, end, after = _index().partition("</head>")
    return before + head + end + after


@cache
def element_modules() -> list[str]:
    """Return the files, by path below the page, of the elements that every page has."""
    index, folder = _index(), Path(file_util.get_static_dir(), "static", "js")
    waiting = [each.name for name in _ELEMENTS for each in folder.glob(f"{name}.*.js")]
    found: list[str] = []
    while waiting:
        name = waiting.pop()
        if name in index or name in found:  # the document names it itself
            continue
        found.append(name)
        waiting += re.findall(
            r'(?:from|import)"\./([^"]+\.js)"', (folder / name).read_text("utf-8")
        )
    return [f"static/js/{each}" for each in found]


@cache
def _index() -> str:
    return Path(file_util.get_static_dir(), "index.html").read_text("utf-8")


def intend_page(page: st.Page) -> None:
    """Let ``st.navigation`` choose ``page`` in this run, whatever page the browser asked for.

    The browser draws another lens by itself and reports it; a run that named the old page would
    take it back.
    """
    context = get_script_run_ctx()
    if context is not None:
        context.pages_manager.set_script_intent(page._script_hash, "")


def forget_closed_sessions() -> None:
    """Let go of sessions whose readers have not come back in time.

    Streamlit keeps them until another one is closed, and a server that nobody visits keeps them
    all.
    """
    if runtime.exists():
        manager: Any = runtime.get_instance()._session_mgr
        with manager._storage_lock:
            manager._session_storage._cache.expire()


def auth_section() -> Mapping[str, Any]:
    """Return what the file of secrets says of signing in; empty without one."""
    return get_secrets_auth_section().to_dict()


class SignedCookie:
    """Who signed in, by the cookie that ``st.login`` brings; see ``backend.web.readers.Identity``.

    ``st.user`` says the same in scripts, but only of the moment when a page was opened, and routes
    have no ``st.user``.
    """

    cookie = USER_COOKIE_NAME

    def claims(self, cookies: Mapping[str, str], hours: float) -> Mapping[str, Any] | None:
        """Return what the provider said; None where nobody signed in within so many hours."""
        secret = get_cookie_secret()

        def one(name: str) -> bytes | None:
            value = cookies.get(name, "").encode("latin-1", "replace")
            return decode_signed_value(secret, name, value, hours / 24)

        found = get_cookie_with_chunks(one, self.cookie)
        said = json.loads(found) if found else {}
        own = get_origin_from_redirect_uri()
        return said if said.get("is_logged_in") and own and said.get("origin") == own else None
