"""Attention: how widely every head looked, at every token of a text."""

from typing import Any, cast

import streamlit as st

from backend import cached
from backend.runs import AttentionRun, Run
from components import job, state
from components.attention import pattern
from components.attention.form import attention_form
from components.attention.lessons import EXAMPLE
from components.attention.view import attention_view
from components.current_run import current_run
from components.example_picker import example_picker
from components.run_head import run_head
from components.same_text import same_text
from components.shell import start_page

start_page("attention")

run = cast(AttentionRun, current_run(cached, "attention", EXAMPLE))
examples = {each.name: each.title for each in cached.example_names() if each.kind == "attention"}
with st.container(key="stack-head"):  # side by side: the heads are what the page is for
    asking, shown = st.columns([1.85, 1], gap="large")
with asking:
    example_picker("attention", examples, EXAMPLE)
    attention_form(cached, run)


def done(_: str, result: Any) -> None:
    """Show what a job brought: runs, or a pattern that belongs to the run on screen."""
    if isinstance(result, Run | tuple):
        state.show_answer(result)
    else:
        pattern.take(result)


with asking:
    job.watch(pattern.SLOT, done)
with shown:
    run_head(cached, run, pattern.SLOT, untitled="Your text")
    same_text(cached, run, "tokens")
attention_view(cached, run, lambda: cast(AttentionRun, cached.example_run(EXAMPLE)))
