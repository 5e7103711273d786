"""Tokens: how sure a model was of each token of a text."""

from typing import cast

import streamlit as st

from backend import cached
from backend.runs import TextRun
from components import job, state
from components.current_run import current_run
from components.example_picker import example_picker
from components.run_head import run_head
from components.same_text import same_text
from components.shell import start_page
from components.summary import summary_figures
from components.text_form import SLOT, text_form
from components.text_view import text_view

DEFAULT_EXAMPLE = "text_fact"

start_page("tokens")

run = cast(TextRun, current_run(cached, "text", DEFAULT_EXAMPLE))
examples = {each.name: each.title for each in cached.example_names() if each.kind == "text"}
with st.container(key="stack-head"):  # side by side: the coloured text is what the page is for
    asking, shown = st.columns([1.85, 1], gap="large")
with asking:
    example_picker("text", examples, DEFAULT_EXAMPLE)
    form = st.container()  # filled last: counting the tokens of a new text takes a moment at first
    job.watch(SLOT, lambda _, answer: state.show_answer(answer))
with shown:
    run_head(cached, run, SLOT, untitled="Your text")
    same_text(cached, run, "attention")
summary_figures(run, state.unit())
text_view(run)
with form:
    text_form(cached, run)
