"""Links to a run: what they say, and what happens when somebody opens one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import streamlit as st

from backend.errors import InputError
from backend.runs import ModelFacts, ModelSpec, Request, Run
from backend.storage.permalink import MAX_CODE, decode, encode, exact_request

from .. import job, state
from ..plain import escape_markdown

_DEALT_WITH = "link:dealt with"


class Opener(Protocol):
    """What links need of ``backend.cached``."""

    def find_run(self, key: str) -> Run | None: ...
    def is_offered(self, spec: ModelSpec) -> bool: ...
    def any_model(self) -> bool: ...
    def model_facts(self, spec: ModelSpec) -> ModelFacts | None: ...
    def submit(self, request: Request, *, stay: bool) -> job.Watchable: ...


TOO_LONG = (
    f"This study does not fit into a link of {MAX_CODE:,} characters. **Save** the run: its link "
    "is short."
)


def run_names(kind: str) -> tuple[str, str, str]:
    """Return the parameters of an address that say which run of a kind is shown."""
    return state.run_parameter(kind), state.example_parameter(kind), "study"


def link_parameters(run: Run, saved: str | None) -> Mapping[str, str] | None:
    """Return what names ``run`` in a link, or None when it does not fit.

    A saved run and a shipped example are named; any other study is written out, to be computed
    again.

    Args:
        run: that is shown.
        saved: key of the run in the library, None if it is not there.
    """
    named, example, study = run_names(run.kind)
    if saved is not None:
        return {named: saved}
    if state.get(named) is None:
        return {} if state.get(example) is None else {example: state.get(example)}
    code = encode(exact_request(run))
    return None if code is None else {study: code}


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
    request = replace(request, model=_as_loaded(source, request.model))
    if source.find_run(request.key) is not None:
        _deal_with(code)
        state.put(**{state.run_parameter(kind): request.key})
        st.rerun()
    elif source.is_offered(request.model):
        _start(source, slot, code, request)
        st.rerun()
    else:
        _ask(source, slot, code, request)


def _as_loaded(source: Opener, spec: ModelSpec) -> ModelSpec:
    """Return the spec under which this very model is loaded already, else ``spec`` itself.

    A link names revision and number type; here they may have been chosen by default.
    """
    default = replace(spec, revision=None, dtype="auto")
    facts = source.model_facts(default)
    same = facts is not None and (facts.revision, facts.dtype) == (spec.revision, spec.dtype)
    return default if same else spec


def _deal_with(code: str) -> None:
    """Take the study out of the address, and do not open it again after Back."""
    st.session_state[_DEALT_WITH] = code
    state.put(study=None)


def _start(source: Opener, slot: str, code: str, request: Request) -> None:
    _deal_with(code)
    job.start(slot, lambda: source.submit(request, stay=True))


def _named(spec: ModelSpec) -> str:
    """Return a model in words, with what else the link fixes of it; safe for Markdown."""
    details = [f"revision {spec.revision}"] if spec.revision else []
    details += [spec.dtype] if spec.dtype != "auto" else []
    more = f" ({escape_markdown(', '.join(details))})" if details else ""
    return f"**{escape_markdown(spec.source)}**{more}"


def _ask(source: Opener, slot: str, code: str, request: Request) -> None:
    choice = (
        "You can try to load it, or ask the bundled model the same."
        if source.any_model()
        else "It offers no others, but you can ask the bundled model the same."
    )
    st.warning(
        f"This link asks for the model {_named(request.model)}, which is not one of this server's. "
        f"{choice} Until then you see an example.",
        icon=":material/link:",
    )
    bundled = replace(request, model=ModelSpec())
    with st.container(horizontal=True):
        if source.any_model():
            st.button(
                "Load that model", key="link:load", on_click=_start,
                args=(source, slot, code, request),
            )  # fmt: skip
        st.button(
            "Use the bundled model", key="link:bundled", on_click=_start,
            args=(source, slot, code, bundled),
        )  # fmt: skip
        st.button("Dismiss", key="link:dismiss", type="tertiary", on_click=_deal_with, args=(code,))
