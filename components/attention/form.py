"""What to analyse: the text with its live count, and the Analyse button."""

from __future__ import annotations

from typing import Literal, Protocol

import streamlit as st

from backend.errors import EntroscopeError
from backend.runs import AttentionRequest, AttentionRun, ModelFacts, ModelSpec
from components import job, state
from components.attention.pattern import SLOT
from components.plain import escape_markdown
from components.text_box import UNCOUNTED, text_box

_DRAFT = "attention:draft"


class Reader(Protocol):
    """What the form needs of ``backend.cached``."""

    def count_tokens(
        self, spec: ModelSpec, text: str, special_tokens: Literal["text", "special"] = "text"
    ) -> int | None: ...
    def model_facts(self, spec: ModelSpec) -> ModelFacts | None: ...
    def submit(self, request: AttentionRequest) -> job.Watchable: ...


@st.fragment
def attention_form(reader: Reader, shown: AttentionRun) -> None:
    """Draw the form; Analyse puts a job into the slot and runs the page again."""
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
            _counter(reader, shown, text)
        st.button("Analyse", type="primary", icon=":material/play_arrow:", on_click=_ask)
    if st.session_state.pop("attention:asked", False):
        request = AttentionRequest(model=state.model(), text=text)
        _keep_draft(text, shown_text)
        job.start(SLOT, lambda: reader.submit(request))
        st.rerun()


def _keep_draft(typed: str, shown_text: str) -> None:
    """Remember what was typed, for as long as the run beside it is shown, or its own."""
    st.session_state[_DRAFT] = ((shown_text, typed), typed)


def _ask() -> None:
    st.session_state["attention:asked"] = True


def _counter(reader: Reader, shown: AttentionRun, text: str) -> None:
    """Say how long the text is, and warn when it is longer than the model reads."""
    spec = state.model()
    same_model = spec.source == shown.model.source
    facts = reader.model_facts(spec) or (shown.model if same_model else None)
    limit = facts.context if facts else None
    try:
        known = same_model and text == shown.request.text
        count = len(shown) if known else reader.count_tokens(spec, text)
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
