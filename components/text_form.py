"""What to analyse: the text with its live count, the options, and the Analyse button."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import streamlit as st

from backend.errors import EntroscopeError
from backend.runs import ModelSpec, TextRequest, TextRun
from components import job, state
from components.plain import escape_markdown
from components.text_box import UNCOUNTED, text_box

SLOT = "tokens"
_DRAFT = "tokens:draft"
_TOLD = "tokens:options told"
_COUNTED = ("text", "chat", "add_bos", "special_tokens")  # what the number of tokens depends on
OPTIONS: dict[str, Any] = {
    "add_bos": False,
    "chat": False,
    "special": "text",
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
    def submit(self, request: TextRequest) -> job.Watchable: ...


@st.fragment
def text_form(reader: Reader, shown: TextRun) -> None:
    """Draw the form; Analyse puts a job into the slot and runs the page again.

    Args:
        reader: ``backend.cached``.
        shown: the run on screen; the box starts with its text.
    """
    _tell_options(shown.request)
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
        job.start(SLOT, lambda: reader.submit(request_for(text)))
        st.rerun()


def _tell_options(made: TextRequest) -> None:
    """Let the options say how the text was read, once for every run that comes on screen.

    So a chat with its control tokens is read the same way again, and a reload keeps the options.
    """
    if st.session_state.get(_TOLD) != made.key:
        st.session_state[_TOLD] = made.key
        st.session_state["tokens:add_bos"] = made.add_bos
        st.session_state["tokens:chat"] = made.chat
        st.session_state["tokens:special"] = made.special_tokens


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
    for name, default in OPTIONS.items():
        st.session_state.setdefault(f"tokens:{name}", default)
    st.toggle(
        "Begin with a BOS token",
        help="Gives the first token a prediction too, where the model has such a token.",
        **_kept("add_bos"),
    )
    st.toggle(
        "Wrap as a chat message",
        help="Puts the text into the model's chat template as a user's message.",
        **_kept("chat"),
    )
    st.segmented_control(
        "Special tokens typed in the text",
        ["text", "special"],
        required=True,
        format_func=lambda each: "as text" if each == "text" else "as control tokens",
        help="How to read `<|im_start|>` and the like where you typed them. Those of the chat "
        "template are always control tokens.",
        **_kept("special"),
    )
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
    return {"key": f"tokens:{name}", "persist_state": "session"}
