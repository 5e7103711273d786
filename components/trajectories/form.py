"""What to decode: the prompt, the samplers, how far, how often, and the Decode button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import streamlit as st

from backend.errors import EntroscopeError
from backend.runs import ModelSpec
from backend.runs.pace import seconds_per_step
from backend.runs.trajectories import Plan, TrajectoryRequest, TrajectoryRun
from components import job, state
from components.plain import escape_markdown
from components.text_box import UNCOUNTED, text_box
from components.trajectories.branch import SLOT
from components.trajectories.cards import Catalogue, chosen_plans, sampler_cards
from components.trajectories.kept import kept

MOST_STEPS, MOST_SEEDS = 512, 8
OPTIONS: dict[str, Any] = {
    "chat": False,
    "steps": 48,
    "seeds": 1,
    "first_seed": 0,
    "shared_luck": True,
    "compare": True,
    "stop": "",
    "stop_at_end": True,
    "penalty": 1.0,
}


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
    def submit(self, request: TrajectoryRequest) -> job.Watchable: ...
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
            MOST_SEEDS,
            width=130,
            help="Texts of every sampler.",
            **kept("seeds", OPTIONS["seeds"]),
        )
        with st.container(width="stretch"):
            _notice(decoder, prompt, plans, shown)
        with st.popover("Options", icon=":material/tune:", type="tertiary"):
            _options()
        st.button(
            "Decode", type="primary", icon=":material/play_arrow:", on_click=_ask,
            disabled=not plans,
        )  # fmt: skip
    if st.session_state.pop("trajectories:asked", False) and plans:
        job.start(SLOT, lambda: decoder.submit(request_for(prompt, plans)))
        st.rerun()


def _ask() -> None:
    st.session_state["trajectories:asked"] = True


def option(name: str) -> Any:
    """Return the value of an option."""
    return st.session_state.get(f"trajectories:{name}", OPTIONS[name])


def adopt(request: TrajectoryRequest) -> None:
    """Set the options to those of a request."""
    values = {
        "chat": request.chat,
        "steps": min(request.steps, MOST_STEPS),
        "seeds": min(len(request.seeds), MOST_SEEDS),
        "first_seed": min(request.seeds),
        "shared_luck": request.shared_luck,
        "stop": " | ".join(request.stop),
        "stop_at_end": request.stop_at_end,
        "penalty": float(request.repetition_penalty),
    }
    for name, value in values.items():
        st.session_state[f"trajectories:{name}"] = value


def request_for(prompt: str, plans: Sequence[Plan]) -> TrajectoryRequest:
    """Return the request with the options as they stand."""
    first = int(option("first_seed"))
    penalty = float(option("penalty"))
    stops = (each.strip("\r").replace("\\n", "\n") for each in str(option("stop")).split(" | "))
    return TrajectoryRequest(
        model=state.model(),
        prompt=prompt,
        chat=bool(option("chat")),
        samplers=tuple(plans),
        steps=int(option("steps")),
        seeds=tuple(range(first, first + int(option("seeds")))),
        shared_luck=bool(option("shared_luck")),
        compare=bool(option("compare")) and penalty == 1,
        stop=tuple(each for each in stops if each),
        stop_at_end=bool(option("stop_at_end")),
        repetition_penalty=penalty,
    )


def _notice(
    decoder: Decoder, prompt: str, plans: Sequence[Plan], shown: TrajectoryRun | None
) -> None:
    """Say how much is asked for and about how long it takes."""
    rows, steps = len(plans) * int(option("seeds")), int(option("steps"))
    known = shown is not None and prompt == shown.request.prompt
    try:
        count = (
            len(shown.prompt_ids)
            if shown is not None and known and shown.request.chat == option("chat")
            else decoder.count_tokens(state.model(), prompt, chat=bool(option("chat")))
        )
    except EntroscopeError as error:
        st.caption(f":material/warning: {escape_markdown(str(error))}")
        return
    limit = shown.model.context if shown and shown.model.source == state.model().source else None
    if count is not None and limit is not None and count + steps > limit:
        st.warning(
            f"{count:,} tokens of prompt and {steps:,} steps; this model reads {limit:,}. Shorten "
            "the prompt or take fewer steps.",
            icon=":material/warning:",
        )
        return
    length = UNCOUNTED if count is None else f"{count:,} tokens of prompt"
    parts = [length, f"{rows} texts of {steps} steps"]
    timed = shown if shown and shown.model.source == state.model().source else None
    pace = seconds_per_step(timed, rows) if timed else None
    if pace is not None:
        parts.append(f"about {max(1, round(pace * steps))} s, going by the run below")
    st.caption(" · ".join(parts))


def _options() -> None:
    st.toggle(
        "Ask as a chat message",
        help="Puts the prompt into the model's chat template as a user's message.",
        **kept("chat", OPTIONS["chat"]),
    )
    st.toggle(
        "Compare samplers at every step",
        help="Applies every sampler to the distribution of every text, so that any step can be "
        "looked at like for like. Takes longer with many samplers.",
        **kept("compare", OPTIONS["compare"]),
    )
    st.toggle(
        "Shared luck",
        help="The same seed means the same luck for all samplers: texts part because of the "
        "samplers and not by chance.",
        **kept("shared_luck", OPTIONS["shared_luck"]),
    )
    st.toggle("Stop at the end-of-sequence token", **kept("stop_at_end", OPTIONS["stop_at_end"]))
    st.text_input(
        "Stop at these strings",
        placeholder="separated by ` | `; \\n is a line break",
        **kept("stop", OPTIONS["stop"]),
    )
    st.number_input("First seed", 0, 2**31, **kept("first_seed", OPTIONS["first_seed"]))
    st.slider(
        "Repetition penalty",
        1.0,
        2.0,
        step=0.05,
        help="1 is off. With a penalty the samplers cannot be compared at every step.",
        **kept("penalty", OPTIONS["penalty"]),
    )
