"""Signing in and out of a public server, at the identity provider of its administrator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from backend.settings import settings

from .actions import action
from .source import Source

_MOST = 40
"""Characters of a name in the top bar."""

# The address that was asked for; ``browser/account.js`` goes back to it.
_REMEMBER = """
export default function () {
  sessionStorage.setItem("entroscope-back", location.pathname + location.search)
}
"""


@action("sign_in")
def sign_in(source: Source, said: Mapping[str, Any]) -> None:
    """Send the browser to the provider."""
    if settings().sign_in != "none":
        st.login()


@action("sign_out")
def sign_out(source: Source, said: Mapping[str, Any]) -> None:
    """Make the browser a stranger, here and at the provider."""
    if settings().sign_in != "none":
        st.logout()


def account(source: Source) -> dict[str, Any] | None:
    """Return who is signed in, for the top bar; None where nobody can sign in."""
    if settings().sign_in == "none":
        return None
    reader = source.current_reader()
    if not reader.signed_in:
        return {"signedIn": False}
    return {"signedIn": True, "name": _name(), "role": reader.role}


def _name() -> str:
    said = st.user.to_dict()
    found = [said.get(each) for each in ("name", "preferred_username", "email")]
    name = next((each for each in found if isinstance(each, str) and each.strip()), "Account")
    printable = "".join(each if each.isprintable() else " " for each in name)
    line = " ".join(printable.split())
    return line if len(line) <= _MOST else f"{line[: _MOST - 1]}…"


def is_missing(source: Source) -> bool:
    """Tell whether whoever asks has to sign in first."""
    return settings().sign_in == "required" and not source.current_reader().signed_in


def draw() -> None:
    """Draw the page of whoever has to sign in."""
    _remember_place()(key="remember_place")
    with st.container(key="sign_in", border=True):
        st.title("Entroscope", anchor=False)
        st.write("This server is for people with an account.")
        st.button("Sign in", type="primary", width="stretch", on_click=st.login)


@cache
def _remember_place() -> Callable[..., Any]:
    return component("remember_place", js=_REMEMBER)
