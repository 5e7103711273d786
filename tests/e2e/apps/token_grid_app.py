"""A page with nothing but a token grid and the switches that a real page would have around it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.token_grid import Metric, token_grid

STORY = "the sea was slower than it used to be , and nobody but him had noticed ."
SAMPLERS = ["greedy", "temperature 0.8", "top-p 0.9", "min-p 0.1", "top-h 0.4", "<b>hostile</b>"]
STEPS = 48


def continuation(row: int) -> list[str]:
    """Return the tokens of one row: the same as row 0 up to a step of its own."""
    random = np.random.default_rng(row)
    words = [" " + word for word in STORY.split()] * 4
    if row == 0:
        return words[:STEPS]
    departs = 3 * row
    length = STEPS - 7 * (row == 3)
    rest = [str(random.choice(words)) for _ in range(length - departs)]
    rest[:1] = [" elsewhere"]
    if row == 5:
        rest[1:5] = ["<img src=x onerror='window.hacked=1'>", "\n", "", "\u202e"]
    return words[:departs] + rest


def move_cursor(place: tuple[int, int] | None) -> None:
    """Keep the shared cursor."""
    st.session_state.place = place


st.set_page_config(layout="wide")
rows = [continuation(row) for row in range(len(SAMPLERS))]
values = np.random.default_rng(1).gamma(2, 1.2, (len(rows), STEPS))
for row, tokens in enumerate(rows):
    values[row, len(tokens) :] = np.nan
metrics = [
    Metric("entropy", "Entropy before the sampler", values, "nats", 0, 8),
    Metric("kept", "Tokens kept", np.floor(np.exp(values)), "", 1, 1000, "rank"),
]
with st.container(horizontal=True):
    chosen = st.selectbox("Metric", ["entropy", "kept"])
    if st.button("Jump"):
        st.session_state.place = (4, 40)
place = token_grid(
    rows,
    metrics,
    labels=SAMPLERS,
    metric=chosen,
    key="grid",
    pinned=st.session_state.get("place"),
    references=[0] * len(rows),
    reference_name=SAMPLERS[0],
    on_pin=move_cursor,
)
st.text(f"pinned: {place}")
