"""The frame around every page: which pages there are, and how a page starts."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from . import job, state

_in_app: ContextVar[bool] = ContextVar("_in_app", default=False)
_MARK = Path(__file__).with_name("mark.svg")
_WORDMARK = Path(__file__).with_name("wordmark.svg")
_LOOK = Path(__file__).with_name("look.css")


@dataclass(frozen=True)
class Entry:
    """A page: ``pages/<name>.py`` under the address ``/<name>``.

    Attributes:
        summary: one sentence for the menu's tooltip, the page's head and its card on Home.
        heading: over the page, where it is not the title.
    """

    name: str
    title: str
    icon: str
    summary: str
    heading: str = ""

    @property
    def file(self) -> str:
        return f"pages/{self.name}.py"


# A page is one file in pages/ and one line here. The first is the front page.
PAGES = (
    Entry(
        "home",
        "Home",
        ":material/home:",
        "An instrument that shows how undecided a language model is, token by token.",
        heading="Entroscope",
    ),
    Entry(
        "tokens", "Tokens", ":material/format_color_text:", "How sure a model was of each token."
    ),
    Entry(
        "attention",
        "Attention",
        ":material/visibility:",
        "How widely every attention head looked, at every token.",
    ),
    Entry(
        "trajectories",
        "Trajectories",
        ":material/route:",
        "What different samplers make of one prompt, step by step.",
    ),
    Entry(
        "dataset",
        "Data set",
        ":material/table_rows:",
        "How hard each of many texts was, in one table.",
    ),
    Entry(
        "compare",
        "Compare",
        ":material/compare_arrows:",
        "Two runs side by side: what another model, number type or text changes.",
    ),
    Entry(
        "library",
        "Library",
        ":material/bookmarks:",
        "Saved runs: find them, name them, open them, take them along.",
    ),
)


def choose_page() -> st.Page:
    """Declare the pages, take over the address and return the page the reader asked for."""
    # First: without an icon of ours the browser fetches the page's from a font server.
    st.set_page_config(page_title="Entroscope", page_icon=str(_MARK), layout="wide")
    pages = [
        st.Page(
            page.file, title=page.title, icon=page.icon, default=page is PAGES[0],
            help=page.summary,
        )
        for page in PAGES
    ]  # fmt: skip
    if asked := _asked_for(pages):
        state.read_address(asked.url_path)
    page = st.navigation(pages)
    if page is not asked:
        state.read_address(page.url_path)
    return page


def _asked_for(pages: list[st.Page]) -> st.Page | None:
    """Return the page a click in the menu leads to, as far as Streamlit knows before navigation.

    An address written before the browser is told of its new page makes one entry of its history
    together with it; written afterwards, it can make a second, and Back stays on the page.
    """
    context = get_script_run_ctx()
    asked = context.page_script_hash if context else ""
    return next((page for page in pages if page._script_hash == asked), None)


def run_page(page: st.Page) -> None:
    """Run ``page`` and tell it that app.py drew the frame around it."""
    st.html(_LOOK)
    st.logo(str(_WORDMARK), size="large", icon_image=str(_MARK))
    token = _in_app.set(True)
    try:
        page.run()
    finally:
        _in_app.reset(token)


def start_page(name: str) -> None:
    """Begin a page; every file in pages/ calls this first, with its own name.

    A fresh server treats a ``pages/`` folder by Streamlit's older convention until some session
    has called ``st.navigation``, so that a deep link could run a page without app.py. Declaring
    the pages here ends that, and the rerun goes through app.py.
    """
    if not _in_app.get():
        choose_page()
        st.rerun()
    job.leave_others(name)
    page = next(page for page in PAGES if page.name == name)
    st.title(page.heading or page.title, anchor=False)
    st.caption(page.summary)
    with st.container():  # with or without a notice, what follows keeps its place
        state.show_notices()
