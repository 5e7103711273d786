"""Which two runs to compare: shipped pairs, saved runs, examples and what is on the other pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import streamlit as st

from backend.errors import EntroscopeError
from backend.runs import Run
from backend.storage.library import Library

from .. import state
from ..example_picker import Example
from ..library.copy_link import copy_link
from ..plain import token_label

PAIRS = {
    "dtype": "float32 and bfloat16",
    "rounded": "As bundled and rounded to 4 bits again",
    "template": "Without and with the chat template",
}
KINDS = ("text", "attention", "trajectories", "dataset")


class Chooser(Protocol):
    """What choosing needs of ``backend.cached``."""

    def library(self) -> Library: ...
    def saved_key(self, run_id: str) -> str: ...
    def find_run(self, key: str) -> Run | None: ...
    def example_names(self) -> Sequence[Example]: ...
    def example_run(self, name: str) -> Run: ...
    def comparison_run(self, name: str) -> Run: ...


def choose_two(source: Chooser) -> tuple[Run, Run]:
    """Draw the choice and return run A and run B, a shipped pair if one of them is gone."""
    _pairs()
    runs = []
    for side in ("a", "b"):
        run = _find(source, state.get(side))
        if run is None:
            state.put(a="pair:dtype_a", b="pair:dtype_b")
            state.notice(
                f"Run {side.upper()} of this link is not here: it was not saved, or not on this "
                "server. Until you choose another, you see a shipped pair."
            )
            st.rerun()
        runs.append(run)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        options = _options(source)
        _side("a", options, runs[0])
        st.button("Swap", icon=":material/swap_horiz:", on_click=_swap, key="compare:swap")
        _side("b", options, runs[1])
        copy_link(
            {"a": state.get("a"), "b": state.get("b")},
            key="compare:link",
            help="The link opens this comparison, with the view as it is when you copy.",
        )
    _savers(source, runs)
    return runs[0], runs[1]


def _savers(source: Chooser, runs: list[Run]) -> None:
    """Offer to save what the link could not bring back."""
    lost = {
        side: run
        for side, run in zip("ab", runs, strict=True)
        if state.get(side).startswith("run:") and not state.get(side).startswith("run:saved-")
    }
    if not lost:
        return
    names = " and ".join(f"run {side.upper()}" for side in lost)
    with st.container(horizontal=True, vertical_alignment="center", key="compare-save"):
        st.button(
            f"Save {names}", icon=":material/bookmark_add:", key="compare:save",
            on_click=_save, args=(source, lost),
        )  # fmt: skip
        st.caption("Not saved yet: the link works only as long as this server remembers it.")


def _save(source: Chooser, runs: dict[str, Run]) -> None:
    for side, run in runs.items():
        try:
            run_id = source.library().save(run, title=run.title)
        except (EntroscopeError, OSError) as error:
            state.notice(str(error))
            return
        state.put(**{side: f"run:{source.saved_key(run_id)}"})


def _pairs() -> None:
    current = {state.get("a"), state.get("b")}
    shown = [name for name in PAIRS if current == {f"pair:{name}_a", f"pair:{name}_b"}]
    st.session_state["compare:pair"] = shown[0] if shown else None
    st.pills(
        "Pairs, ready to look at",
        list(PAIRS),
        format_func=PAIRS.__getitem__,
        key="compare:pair",
        on_change=_take_pair,
    )


def _take_pair() -> None:
    if (name := st.session_state["compare:pair"]) is not None:
        state.put(a=f"pair:{name}_a", b=f"pair:{name}_b", token=None)


def _swap() -> None:
    state.put(a=state.get("b"), b=state.get("a"))


def _side(side: str, options: dict[str, str], run: Run) -> None:
    current = state.get(side)
    if current not in options:
        options = {current: _name(run), **options}
    key = f"compare:{side}"
    st.session_state[key] = current

    def take() -> None:
        state.put(**{side: st.session_state[key], "token": None})

    st.selectbox(
        f"Run {side.upper()}",
        list(options),
        format_func=options.__getitem__,
        key=key,
        on_change=take,
        width="stretch",
    )


def _options(source: Chooser) -> dict[str, str]:
    """Return what can be chosen, by the value the address carries."""
    options: dict[str, str] = {}
    for kind in KINDS:
        key = state.get(state.run_parameter(kind))
        run = _find(source, f"run:{key}") if key else None
        if run is not None:
            options[f"run:{key}"] = f"{_name(run)} (now on its page)"
    for entry in source.library().entries():
        if entry.kind in KINDS:
            title = entry.title or token_label(entry.text, 40)
            options[f"run:{source.saved_key(entry.id)}"] = f"{title} · {entry.kind}, saved"
    for pair, title in PAIRS.items():
        for side in "ab":
            run = source.comparison_run(f"{pair}_{side}")
            options[f"pair:{pair}_{side}"] = f"{run.title} · pair “{title}”"
    for example in source.example_names():
        if example.kind in KINDS:
            options[f"example:{example.name}"] = f"{example.title} · {example.kind}, example"
    return options


def _name(run: Run) -> str:
    return f"{run.title or 'Your run'} · {run.kind}, {run.model.name} {run.model.dtype}"


def _find(source: Chooser, choice: str) -> Run | None:
    origin, _, name = choice.partition(":")
    try:
        if origin == "run":
            return source.find_run(name)
        return source.example_run(name) if origin == "example" else source.comparison_run(name)
    except EntroscopeError:
        return None
