"""Home: what this is, a text to hover at once, and a distribution to play with."""

from typing import cast

import streamlit as st

from backend import cached
from backend.runs import TextRun
from components import state
from components.metrics import text_metrics
from components.page_cards import page_cards
from components.playground import playground
from components.shell import start_page
from components.token_strip import token_strip

EXAMPLE = "text_fact"
WHAT = (
    "Before every token, a language model spreads its belief over its whole vocabulary. "
    "**Entropy measures how spread out that belief is**: 0 when the model is certain, and the "
    "larger the more tokens it holds possible. It says how undecided the model *was*; surprisal "
    "says how unexpected the token that then came turned out to be."
)

start_page("home")

run = cast(TextRun, cached.example_run(EXAMPLE))
st.subheader("Hover over the text", anchor=False)
is_current = state.get("run") is None and state.get("example") in (None, EXAMPLE)
token_strip(
    run,
    text_metrics(run, state.unit()),
    metric="entropy",
    key="home:strip",
    height=150,
    # The cursor belongs to the text on the Tokens page: shared while that is this one.
    pinned=state.pinned(len(run)) if is_current else None,
    on_pin=state.pin if is_current else None,
)
page_cards()
st.subheader("What is entropy?", anchor=False)
st.markdown(WHAT)
playground(state.unit())
