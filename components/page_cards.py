"""Cards that lead to the pages there are."""

from __future__ import annotations

import streamlit as st

from components.shell import PAGES

PER_ROW = 3


def page_cards() -> None:
    """Draw a card for every page but the first."""
    others = PAGES[1:]
    for start in range(0, len(others), PER_ROW):
        row = others[start : start + PER_ROW]
        columns = st.columns(PER_ROW, gap="small")
        for page, column in zip(row, columns, strict=False):
            with column.container(border=True, key=f"card-{page.name}", gap="xsmall"):
                st.page_link(page.file, label=f"**{page.title}**", icon=page.icon)
                st.caption(page.summary)
