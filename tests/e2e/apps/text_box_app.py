"""A page with a text box, a live counter under it and a button that puts an example in."""

import streamlit as st

from components.text_box import text_box


def submit() -> None:
    """Count how often the reader submitted."""
    st.session_state.submits = st.session_state.get("submits", 0) + 1


def keep(text: str) -> None:
    """Remember what the reader typed."""
    st.session_state.text = text


if st.button("Example"):
    st.session_state.text = "An example with <b>tags</b>."
text = text_box(
    st.session_state.get("text", "First text."),
    key="box",
    label="Text to read",
    help="Ctrl+Enter analyses.",
    on_change=keep,
    on_submit=submit,
)
st.text(f"characters: {len(text)}")
st.text(f"read: {text!r}")
st.text(f"submits: {st.session_state.get('submits', 0)}")
