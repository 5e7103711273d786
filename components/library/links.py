"""Links to a run: what they say, and what happens when somebody opens one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import streamlit as st

from backend.errors import InputError
from backend.runs import ModelSpec, Request, Run
from backend.runs.permalink import MAX_CODE, decode, encode, exact_request
from components import job, state
from components.plain import escape_markdown

_DEALT_WITH = "link:dealt with"


class Opener(Protocol):
    """What links need of ``backend.cached``."""

    def find_run(self, key: str) -> Run | None: ...
    def is_offered(self, spec: ModelSpec) -> bool: ...
    def submit(self, request: Request) -> job.Watchable: ...


TOO_LONG = (
    f"This study does not fit into a link of {MAX_CODE:,} characters. **Save** the run: its link "
    "is short."
)


def link_parameters(run: Run, saved: str | None) -> Mapping[str, str] | None:
    """Return the parameters of a link to ``run``, or None when it does not fit.

    A saved run and a shipped example are named; any other study is written out, to be computed
    again. What else the address says, such as unit, metric and pinned token, rides along.

    Args:
        run: that is shown.
        saved: key of the run in the library, None if it is not there.
    """
    named, example = state.run_parameter(run.kind), state.example_parameter(run.kind)
    shown = st.query_params.to_dict()
    view = {name: text for name, text in shown.items() if name not in (named, example, "study")}
    if saved is not None:
        return {named: saved, **view}
    if state.get(named) is None:
        return view if state.get(example) is None else {example: state.get(example), **view}
    code = encode(exact_request(run))
    return None if code is None else {"study": code, **view}


def open_study(source: Opener, kind: str, slot: str) -> None:
    """Deal with a study that the address carries, if it is of this kind.

    A run still in memory is shown. A model this server offers starts to compute; another one is
    named, with the choice to use it or to ask the bundled model the same.

    Args:
        source: ``backend.cached``.
        kind: of the page's runs.
        slot: where the page watches its jobs.
    """
    code = state.get("study")
    if code is None:
        return
    if code == st.session_state.get(_DEALT_WITH):
        state.put(study=None)
        return
    try:
        request = decode(code)
    except InputError as error:
        _deal_with(code)
        st.error(str(error), icon=":material/link_off:")
        return
    if request.kind != kind:
        return
    if source.find_run(request.key) is not None:
        _deal_with(code)
        state.put(**{state.run_parameter(kind): request.key})
        st.rerun()
    elif source.is_offered(request.model):
        _start(source, slot, code, request)
        st.rerun()
    else:
        _ask(source, slot, code, request)


def _deal_with(code: str) -> None:
    """Take the study out of the address, and do not open it again after Back."""
    st.session_state[_DEALT_WITH] = code
    state.put(study=None)


def _start(source: Opener, slot: str, code: str, request: Request) -> None:
    _deal_with(code)
    job.start(slot, lambda: source.submit(request))


def _ask(source: Opener, slot: str, code: str, request: Request) -> None:
    name = escape_markdown(request.model.source)
    st.warning(
        f"This link asks for the model **{name}**, which is not one of this server's. You can try "
        "to load it, or ask the bundled model the same. Until then you see an example.",
        icon=":material/link:",
    )
    bundled = replace(request, model=ModelSpec())
    with st.container(horizontal=True):
        st.button(
            "Load that model", key="link:load", on_click=_start,
            args=(source, slot, code, request),
        )  # fmt: skip
        st.button(
            "Use the bundled model", key="link:bundled", on_click=_start,
            args=(source, slot, code, bundled),
        )  # fmt: skip
        st.button("Dismiss", key="link:dismiss", type="tertiary", on_click=_deal_with, args=(code,))
