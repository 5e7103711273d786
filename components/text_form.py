"""What to analyse: the text with its live count, the options, and the Analyse button."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import streamlit as st

from backend.errors import EntroscopeError
from backend.runs import BothRequest, ModelSpec, Request, TextRequest, TextRun

from . import job, state
from .kept import kept
from .plain import escape_markdown
from .reading_options import (
    READING,
    bos_option,
    both_option,
    special_option,
    tell_reading,
)
from .text_box import UNCOUNTED, text_box

SLOT = "tokens"
_DRAFT = "tokens:draft"
_COUNTED = ("text", "chat", "add_bos", "special_tokens")  # what the number of tokens depends on
OPTIONS: dict[str, Any] = READING | {
    "chat": False,
    "long": "refuse",
    "overlap": 0,
    "top_k": 10,
    "curve": True,
}


class Reader(Protocol):
    """What the form needs of ``backend.cached``."""

    def count_tokens(
        self,
        spec: ModelSpec,
        text: str,
        special_tokens: Literal["text", "special"] = "text",
        *,
        chat: bool = False,
        add_bos: bool = False,
    ) -> int | None: ...
    def context_length(self, spec: ModelSpec) -> int | None: ...
    def submit(self, request: Request, *, stay: bool) -> job.Watchable: ...


@st.fragment
def text_form(reader: Reader, shown: TextRun) -> None:
    """Draw the form; Analyse puts a job into the slot and runs the page again.

    Args:
        reader: ``backend.cached``.
        shown: the run on screen; the box starts with its text.
    """
    if tell_reading(SLOT, shown.request):
        st.session_state["tokens:chat"] = shown.request.chat
    start_text = shown.request.text
    belongs_to, draft = st.session_state.get(_DRAFT, ((), ""))
    text = text_box(
        draft if start_text in belongs_to else start_text,
        key="tokens:text",
        label="Text",
        placeholder="Paste or type a text, then press Ctrl+Enter.",
        height=84,
        on_change=lambda typed: _keep_draft(typed, start_text),
        on_submit=_ask,
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            _counter(reader, shown, request_for(text))
        with st.popover("Options", icon=":material/tune:", type="tertiary"):
            _options()
        st.button("Analyse", type="primary", icon=":material/play_arrow:", on_click=_ask)
    if st.session_state.pop("tokens:asked", False):
        _keep_draft(text, start_text)
        request = request_for(text)
        asked = BothRequest(model=request.model, text=request) if option("both") else request
        job.start(SLOT, lambda: reader.submit(asked, stay=True))
        st.rerun()


def _keep_draft(typed: str, shown_text: str) -> None:
    """Remember what was typed, for as long as the run beside it is shown, or its own."""
    st.session_state[_DRAFT] = ((shown_text, typed), typed)


def _ask() -> None:
    st.session_state["tokens:asked"] = True


def option(name: str) -> Any:
    """Return the value of an option."""
    return st.session_state.get(f"tokens:{name}", OPTIONS[name])


def request_for(text: str) -> TextRequest:
    """Return the request for ``text`` with the options as they stand."""
    return TextRequest(
        model=state.model(),
        text=text,
        top_k=int(option("top_k")),
        add_bos=option("add_bos"),
        chat=option("chat"),
        special_tokens=option("special"),
        long_text=option("long"),
        window_overlap=int(option("overlap")) or None,
        curve=option("curve"),
    )


def _counter(reader: Reader, shown: TextRun, request: TextRequest) -> None:
    """Say how long the text is, and warn when it is longer than the model reads."""
    characters = f"{len(request.text):,} characters"
    try:
        count, limit = _length(reader, shown, request)
    except EntroscopeError as error:
        st.caption(f":material/warning: {escape_markdown(str(error))}")
        return
    if count is None:
        st.caption(f"{characters} · {UNCOUNTED}")
    elif limit is None:
        st.caption(f"{count:,} tokens · {characters}")
    elif count <= limit:
        st.caption(f"{count:,} of {limit:,} tokens · {characters}")
    elif request.long_text == "windows":
        st.caption(
            f"{count:,} tokens; this model reads {limit:,}, so in overlapping windows · "
            f"{characters}"
        )
    else:
        st.warning(
            f"{count:,} tokens; this model reads {limit:,}. Shorten the text, or choose "
            "Options › Long text › windows.",
            icon=":material/warning:",
        )


def _length(reader: Reader, shown: TextRun, request: TextRequest) -> tuple[int | None, int | None]:
    """Return how many tokens would be read, and how many the model can read."""
    spec, made = request.model, shown.request
    if spec.source == shown.model.source and spec.revision in (
        made.model.revision,
        shown.model.revision,
    ):
        limit = shown.model.context
        if all(getattr(request, name) == getattr(made, name) for name in _COUNTED):
            return len(shown), limit  # known without a tokenizer, which takes seconds to load
    else:
        limit = reader.context_length(spec)
    count = reader.count_tokens(
        spec,
        request.text,
        request.special_tokens,
        chat=request.chat,
        add_bos=request.add_bos,
    )
    return count, limit


def _options() -> None:
    both_option(SLOT, "attention")
    bos_option(SLOT)
    st.toggle(
        "Wrap as a chat message",
        help="Puts the text into the model's chat template as a user's message.",
        **_kept("chat"),
    )
    special_option(SLOT)
    st.segmented_control(
        "Long text",
        ["refuse", "windows"],
        required=True,
        help="Over the model's context: refuse, or read in overlapping windows.",
        **_kept("long"),
    )
    st.number_input(
        "Least context in later windows (0: half)", 0, 1_000_000, step=64, **_kept("overlap")
    )
    st.number_input("Top tokens kept per position", 1, 100, **_kept("top_k"))
    st.toggle(
        "Keep cumulative curves",
        help="How the whole distribution is spread over ranks; about 0.5 kB per token.",
        **_kept("curve"),
    )


def _kept(name: str) -> dict[str, Any]:
    return kept(SLOT, name, OPTIONS[name])
