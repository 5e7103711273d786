"""What to decode: the prompt, the samplers, how far, how often, and the Decode button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import streamlit as st

from backend.derived.pace import seconds_per_step
from backend.errors import EntroscopeError
from backend.runs import ModelFacts, ModelSpec, Run
from backend.runs.trajectories import Plan, TrajectoryRequest, TrajectoryRun

from .. import job, state
from ..plain import escape_markdown
from ..text_box import UNCOUNTED, text_box
from .branch import SLOT
from .cards import Catalogue, chosen_plans, sampler_cards
from .kept import kept
from .options import (
    MOST_STEPS,
    MOST_TEXTS,
    OPTIONS,
    compared,
    further_options,
    option,
    request_for,
    seeds,
)

NOT_ADOPTED = "trajectories:not-adopted"  # what of the run on screen the form could not take


class Decoder(Protocol):
    """What the form needs of ``backend.cached``."""

    def count_tokens(
        self,
        spec: ModelSpec,
        text: str,
        special_tokens: Literal["text", "special"] = "text",
        *,
        chat: bool = False,
    ) -> int | None: ...
    def model_facts(self, spec: ModelSpec) -> ModelFacts | None: ...
    def last_run(self, spec: ModelSpec, kind: str) -> Run | None: ...
    def submit(self, request: TrajectoryRequest, *, stay: bool) -> job.Watchable: ...
    def sampler_labels(self, plans: Sequence[Plan]) -> list[str]: ...


def decode_form(decoder: Decoder, catalogue: Catalogue, shown: TrajectoryRun | None) -> None:
    """Draw the form; Decode puts a job into the slot and runs the page again.

    Args:
        decoder: ``backend.cached``.
        catalogue: the samplers there are.
        shown: the run on screen; prompt, options and time estimate begin with it.
    """
    _form(decoder, catalogue, shown)


@st.fragment
def _form(decoder: Decoder, catalogue: Catalogue, shown: TrajectoryRun | None) -> None:
    prompt = text_box(
        shown.request.prompt if shown else "Once upon a time, ",
        key="trajectories:prompt",
        label="Prompt",
        placeholder="Write how the text begins, then press Ctrl+Enter.",
        height=76,
        on_submit=_ask,
    )
    plans = chosen_plans(catalogue)
    names = ", ".join(decoder.sampler_labels(plans)) if plans else "none chosen"
    with st.expander(f"**Samplers** ({len(plans)}): {escape_markdown(names)}", key="samplers"):
        sampler_cards(catalogue)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.number_input("Steps", 1, MOST_STEPS, width=130, **kept("steps", OPTIONS["steps"]))
        st.number_input(
            "Seeds",
            1,
            MOST_TEXTS,
            width=130,
            help="Texts of every sampler.",
            **kept("seeds", OPTIONS["seeds"]),
        )
        with st.container(width="stretch"):
            _notice(decoder, prompt, plans, shown)
        with st.popover("Options", icon=":material/tune:", type="tertiary"):
            further_options()
        st.button(
            "Decode", type="primary", icon=":material/play_arrow:", on_click=_ask,
            disabled=not plans,
        )  # fmt: skip
    if lost := st.session_state.get(NOT_ADOPTED):
        st.caption(
            f":material/info: The form could not take over {escape_markdown('; '.join(lost))}."
        )
    if st.session_state.pop("trajectories:asked", False) and plans:
        job.start(SLOT, lambda: decoder.submit(request_for(prompt, plans), stay=True))
        st.rerun()


def _ask() -> None:
    st.session_state["trajectories:asked"] = True


def _notice(
    decoder: Decoder, prompt: str, plans: Sequence[Plan], shown: TrajectoryRun | None
) -> None:
    """Say how much is asked for and about how long it takes."""
    rows, steps = len(plans) * len(seeds()), int(option("steps"))
    if rows > MOST_TEXTS:
        _refuse(
            f"{len(plans)} samplers × {len(seeds())} seeds are {rows:,} texts; at most "
            f"{MOST_TEXTS} are decoded together. Take fewer of either."
        )
        return
    if shown is not None and shown.request.model.source != state.model().source:
        shown = None
    try:
        count = _prompt_tokens(decoder, prompt, shown)
    except EntroscopeError as error:
        st.caption(f":material/warning: {escape_markdown(str(error))}")
        return
    facts = decoder.model_facts(state.model()) or (shown.model if shown else None)
    limit = facts.context if facts else None
    if count is not None and limit is not None and count + steps > limit:
        _refuse(
            f"{count:,} tokens of prompt and {steps:,} steps; this model reads {limit:,}. Shorten "
            "the prompt or take fewer steps."
        )
        return
    texts = "1 text" if rows == 1 else f"{rows} texts"
    length = UNCOUNTED if count is None else f"{count:,} tokens of prompt"
    parts = [length, f"{texts} of {steps} steps", _time(decoder, shown, rows, steps)]
    if option("compare") and not compared():
        parts.append("not compared at every step, because of the penalty")
    st.caption(" · ".join(parts))


def _refuse(message: str) -> None:
    st.warning(message, icon=":material/warning:")


def _prompt_tokens(decoder: Decoder, prompt: str, shown: TrajectoryRun | None) -> int | None:
    """Return how many tokens the model reads before the first step, the chat template included."""
    chat = bool(option("chat"))
    if shown and (shown.request.prompt, shown.request.chat) == (prompt, chat):
        return len(shown.prompt_ids)
    return decoder.count_tokens(state.model(), prompt, chat=chat)


def _time(decoder: Decoder, shown: TrajectoryRun | None, rows: int, steps: int) -> str:
    """Return about how long it takes, and how that is known."""
    measured = decoder.last_run(state.model(), "trajectories")
    if shown is not None and shown.request.model != state.model():
        shown = None  # another device or data type
    for run, how in ((measured, "as measured here"), (shown, "going by the run below")):
        pace = seconds_per_step(run, rows) if isinstance(run, TrajectoryRun) else None
        if pace is not None:
            return f"about {_duration(pace * steps)}, {how}"
    return "time unknown until this model has decoded here once"


def _duration(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"
