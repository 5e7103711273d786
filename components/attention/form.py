"""What to analyse: the text with its live count, and the Analyse button."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Protocol

import streamlit as st

from backend.errors import EntroscopeError
from backend.runs import (
    AttentionRequest,
    AttentionRun,
    BothRequest,
    ModelFacts,
    ModelSpec,
    Request,
    TextRequest,
)

from .. import job, state
from ..plain import escape_markdown
from ..reading_options import (
    bos_option,
    both_option,
    reading_option,
    special_option,
    tell_reading,
)
from ..text_box import UNCOUNTED, text_box
from .pattern import SLOT

_DRAFT = "attention:draft"


class Reader(Protocol):
    """What the form needs of ``backend.cached``."""

    def count_tokens(
        self,
        spec: ModelSpec,
        text: str,
        special_tokens: Literal["text", "special"] = "text",
        *,
        add_bos: bool = False,
    ) -> int | None: ...
    def model_facts(self, spec: ModelSpec) -> ModelFacts | None: ...
    def submit(self, request: Request, *, stay: bool) -> job.Watchable: ...


@st.fragment
def attention_form(reader: Reader, shown: AttentionRun) -> None:
    """Draw the form; Analyse puts a job into the slot and runs the page again."""
    tell_reading(SLOT, shown.request)
    shown_text = shown.request.text
    belongs_to, draft = st.session_state.get(_DRAFT, ((), ""))
    text = text_box(
        draft if shown_text in belongs_to else shown_text,
        key="attention:text",
        label="Text",
        placeholder="Paste or type a text, then press Ctrl+Enter.",
        height=84,
        on_change=lambda typed: _keep_draft(typed, shown_text),
        on_submit=_ask,
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            _counter(reader, shown, _request_for(text))
        with st.popover("Options", icon=":material/tune:", type="tertiary"):
            both_option(SLOT, "tokens")
            bos_option(SLOT)
            special_option(SLOT)
        st.button("Analyse", type="primary", icon=":material/play_arrow:", on_click=_ask)
    if st.session_state.pop("attention:asked", False):
        _keep_draft(text, shown_text)
        request = _request_for(text)
        asked = _with_tokens(request) if reading_option(SLOT, "both") else request
        job.start(SLOT, lambda: reader.submit(asked, stay=True))
        st.rerun()


def _keep_draft(typed: str, shown_text: str) -> None:
    """Remember what was typed, for as long as the run beside it is shown, or its own."""
    st.session_state[_DRAFT] = ((shown_text, typed), typed)


def _ask() -> None:
    st.session_state["attention:asked"] = True


def _request_for(text: str) -> AttentionRequest:
    """Return the request for ``text`` with the options as they stand."""
    return AttentionRequest(
        model=state.model(),
        text=text,
        add_bos=reading_option(SLOT, "add_bos"),
        special_tokens=reading_option(SLOT, "special"),
    )


def _with_tokens(request: AttentionRequest) -> BothRequest:
    text = TextRequest(
        model=request.model,
        text=request.text,
        add_bos=request.add_bos,
        special_tokens=request.special_tokens,
        curve=True,
    )
    return BothRequest(model=request.model, text=text)


def _counter(reader: Reader, shown: AttentionRun, request: AttentionRequest) -> None:
    """Say how long the text is, and warn when it is longer than the model reads."""
    spec, text = request.model, request.text
    same_model = spec.source == shown.model.source
    facts = reader.model_facts(spec) or (shown.model if same_model else None)
    limit = facts.context if facts else None
    try:
        known = same_model and replace(request, model=shown.request.model) == shown.request
        count = (
            len(shown)
            if known
            else reader.count_tokens(spec, text, request.special_tokens, add_bos=request.add_bos)
        )
    except EntroscopeError as error:
        st.caption(f":material/warning: {escape_markdown(str(error))}")
        return
    if count is None:
        st.caption(f"{len(text):,} characters · {UNCOUNTED}")
    elif limit is None:
        st.caption(f"{count:,} tokens · {len(text):,} characters")
    elif count <= limit:
        st.caption(f"{count:,} of {limit:,} tokens · {len(text):,} characters")
    else:
        st.warning(
            f"{count:,} tokens; this model reads {limit:,}. Shorten the text.",
            icon=":material/warning:",
        )
