"""Attention: how widely every head looked, at every token of a text."""

from typing import Any, cast

import streamlit as st

from backend import cached
from backend.runs import AttentionRun
from components import job, state
from components.attention import pattern
from components.attention.form import attention_form
from components.attention.lessons import EXAMPLE
from components.attention.view import attention_view
from components.current_run import current_run
from components.example_picker import example_picker
from components.run_head import run_head
from components.shell import start_page

start_page("attention")

run = cast(AttentionRun, current_run(cached, "attention", EXAMPLE))
examples = {each.name: each.title for each in cached.example_names() if each.kind == "attention"}
example_picker("attention", examples, EXAMPLE)
attention_form(cached, run)


def done(key: str, result: Any) -> None:
    """Show what a job brought: a run, or a pattern that belongs to the run on screen."""
    if isinstance(result, AttentionRun):
        state.show_run("attention", key)
    else:
        pattern.take(result)


job.watch(pattern.SLOT, done)

with st.container():  # a note more or less must not move what follows to another place
    run_head(cached, run, pattern.SLOT, untitled="Your text")
attention_view(cached, run, lambda: cast(AttentionRun, cached.example_run(EXAMPLE)))
