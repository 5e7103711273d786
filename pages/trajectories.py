"""Trajectories: many samplers write on from one prompt, step by step."""

from typing import cast

import streamlit as st

from backend import cached
from backend.runs.trajectories import TrajectoryRun
from components import state
from components.current_run import current_run
from components.example_picker import example_picker
from components.run_head import run_head
from components.shell import start_page
from components.trajectories.bench import bench
from components.trajectories.branches import find_again
from components.trajectories.cards import Catalogue, chosen_plans
from components.trajectories.choices import MODE, MODES
from components.trajectories.form import decode_form
from components.trajectories.outcome import adopt_run, watch_decoding
from components.trajectories.view import trajectory_view

DEFAULT_EXAMPLE = "trajectories_classics"

start_page("trajectories")


def catalogue() -> Catalogue:
    """Return the samplers there are, with those of the run on screen put on the cards."""
    found = {each.name: each for each in cached.sampler_catalogue()}
    adopt_run(cached, run, found)
    return found


run = cast(TrajectoryRun, current_run(cached, "trajectories", DEFAULT_EXAMPLE))
st.segmented_control(
    "View",
    list(MODES),
    format_func=MODES.__getitem__,
    required=True,
    label_visibility="collapsed",
    **MODE.widget(),
)
if MODE.value == "bench":
    bench(cached, catalogue(), state.unit())
    st.stop()
find_again(cached)
examples = {each.name: each.title for each in cached.example_names() if each.kind == run.kind}
example_picker("trajectories", examples, DEFAULT_EXAMPLE)
# The first reader of a server waits for torch as soon as samplers are named: the run, which needs
# none, is drawn first, and the form above it once that is there.
form = st.container()
watch_decoding(cached)
run_head(cached, run, "trajectories", untitled="Your texts")
trajectory_view(cached, run, lambda: chosen_plans(catalogue()))
with form:
    decode_form(cached, catalogue(), run)
