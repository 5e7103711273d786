"""Cards that lead to the pages there are."""

from __future__ import annotations

import streamlit as st

from .shell import PAGES

CARD_PIXELS = 270


def page_cards() -> None:
    """Draw a card for every page but the first, in rows that wrap."""
    with st.container(horizontal=True, gap="small"):
        for page in PAGES[1:]:
            with st.container(
                border=True,
                key=f"card-{page.name}",
                gap="xsmall",
                width=CARD_PIXELS,
                height="stretch",
            ):
                st.page_link(page.file, label=f"**{page.title}**", icon=page.icon)
                st.caption(page.summary)
