"""The script of every run: which page, the frame around it, and the page itself.

It lies outside the folder of pages/ on purpose: beside it, Streamlit would take a first deep link
by an older convention. ``app.py`` wraps it.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from backend import cached
from backend.errors import EntroscopeError
from components import address, data_set, frame, session, sign_in, stage, streamlit_private
from components.menu import Page, all_pages, page_named, streamlit_pages
from components.plain import escape_markdown

_MARK = Path(__file__).with_name("mark.svg")
_LOOK = Path(__file__).with_name("look.css")


def main() -> None:
    """Run one script run."""
    # First: without an icon of ours the browser fetches the page's from a font server.
    st.set_page_config(page_title="Entroscope", page_icon=str(_MARK), layout="wide")
    cached.session_opened(streamlit_private.forget_closed_sessions)
    stage.serve(cached)
    page, chosen = _choose()
    if sign_in.is_missing(cached):
        st.html(_LOOK)
        sign_in.draw()
        return
    if st.session_state.get("began") is None:
        st.session_state["began"] = True
        address.read(cached, page, st.query_params.to_dict())
    frame.do_what_is_asked(cached)
    st.html(_LOOK)
    place = st.container()
    with st.container(key="page"):
        try:
            chosen.run()
        except EntroscopeError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
    with place:
        frame.draw(cached, page, chosen.url_path)
    data_set.draw_dialog(cached)


def _choose() -> tuple[Page, st.Page]:
    """Return the page to show: the one the browser shows, if it says so, else that of the address.

    The browser changes lenses by itself and tells afterwards; Streamlit follows.
    """
    made = streamlit_pages()
    by_path = {each.path: each for each in all_pages()}
    by_path |= {old: each for each in all_pages() for old in each.formerly}
    flat = [each for own in made.values() for each in own]
    said = frame.report()
    wanted = page_named(said.get("page"))
    if wanted is not None and said.get("serial", 0) > session.acknowledged():
        streamlit_private.intend_page(next(each for each in flat if each.url_path == wanted.path))
    chosen = st.navigation(made, position="hidden")
    return by_path[chosen.url_path], chosen


main()
