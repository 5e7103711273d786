"""How to decode: steps, seeds, stops and the rest, as controls and as a request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from backend.runs.trajectories import Plan, TrajectoryRequest

from .. import state
from .kept import kept, key_of

# What the study takes; samplers × seeds are texts.
MOST_STEPS, MOST_TEXTS = 1024, 96
MOST_SEED = 2**53 - 1  # a number field holds no larger whole number
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

_LIKE = "trajectories:like"  # the request the options were taken from


def option(name: str) -> Any:
    """Return the value of an option."""
    return st.session_state.get(key_of(name), OPTIONS[name])


def adopt(request: TrajectoryRequest) -> list[str]:
    """Set the options to those of a request, and return what could not be taken over."""
    values = {
        "chat": request.chat,
        "steps": min(request.steps, MOST_STEPS),
        "seeds": min(len(request.seeds), MOST_TEXTS),
        "first_seed": min(request.seeds[0], MOST_SEED),
        "shared_luck": request.shared_luck,
        "compare": request.compare,
        "stop": " | ".join(each.replace("\n", "\\n") for each in request.stop),
        "stop_at_end": request.stop_at_end,
        "penalty": min(max(float(request.repetition_penalty), 0.1), 10.0),
    }
    for name, value in values.items():
        st.session_state[key_of(name)] = value
    st.session_state[_LIKE] = request
    lost = []
    if request.steps > MOST_STEPS:
        lost.append(f"its {request.steps:,} steps ({MOST_STEPS:,} at most)")
    if len(request.seeds) > MOST_TEXTS:
        lost.append(f"its {len(request.seeds):,} seeds ({MOST_TEXTS} at most)")
    if values["penalty"] != request.repetition_penalty:
        lost.append(f"its repetition penalty {request.repetition_penalty:g} (0.1 to 10)")
    if any(" | " in each for each in request.stop):
        lost.append("its stop strings with “ | ” in them, which stands between two strings here")
    return lost


def seeds() -> tuple[int, ...]:
    """Return the seeds: those of the run, as long as nobody touched their number or the first."""
    first, count = int(option("first_seed")), int(option("seeds"))
    like = _like()
    own = like.seeds if like else ()
    if own and (first, count) == (min(own[0], MOST_SEED), len(own)):
        return own
    return tuple(range(first, first + count))


def compared() -> bool:
    """Tell whether samplers are compared at every step: asked for, and there is no penalty."""
    return bool(option("compare")) and float(option("penalty")) == 1


def request_for(prompt: str, plans: Sequence[Plan]) -> TrajectoryRequest:
    """Return the request with the options as they stand."""
    stops = (each.strip("\r").replace("\\n", "\n") for each in str(option("stop")).split(" | "))
    like = _like()
    return TrajectoryRequest(
        model=state.model(),
        prompt=prompt,
        chat=bool(option("chat")),
        samplers=tuple(plans),
        steps=int(option("steps")),
        seeds=seeds(),
        shared_luck=bool(option("shared_luck")),
        compare=compared(),
        stop=tuple(each for each in stops if each),
        stop_at_end=bool(option("stop_at_end")),
        repetition_penalty=float(option("penalty")),
        top_n=like.top_n if like else TrajectoryRequest.top_n,
    )


def further_options() -> None:
    """Draw the options that are not needed every time."""
    st.toggle(
        "Ask as a chat message",
        help="Puts the prompt into the model's chat template as a user's message.",
        **kept("chat", OPTIONS["chat"]),
    )
    penalised = float(option("penalty")) != 1
    st.toggle(
        "Compare samplers at every step",
        disabled=penalised,
        help="Applies every sampler to the distribution of every text, so that any step can be "
        "looked at like for like. Takes longer with many samplers.",
        **kept("compare", OPTIONS["compare"]),
    )
    if penalised:
        st.caption("Off with a repetition penalty: every text then has a distribution of its own.")
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
    st.number_input("First seed", 0, MOST_SEED, **kept("first_seed", OPTIONS["first_seed"]))
    if seeds() != tuple(range(seeds()[0], seeds()[0] + len(seeds()))):
        st.caption(f"Seeds {', '.join(map(str, seeds()))}, as in the run this began with.")
    st.number_input(
        "Repetition penalty",
        0.1,
        10.0,
        step=0.05,
        help="1 is off. With a penalty the samplers cannot be compared at every step.",
        **kept("penalty", OPTIONS["penalty"]),
    )


def _like() -> TrajectoryRequest | None:
    return st.session_state.get(_LIKE)
