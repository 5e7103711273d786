"""What to analyse: the text with its live count, the options, and the Analyse button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import streamlit as st

from backend.errors import EntroscopeError
from backend.runs import ModelFacts, ModelSpec, TextRequest
from components import job, state
from components.plain import escape_markdown
from components.text_box import text_box

SLOT = "tokens"
_DRAFT = "tokens:draft"
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
        self, spec: ModelSpec, text: str, special_tokens: Literal["text", "special"] = "text"
    ) -> int: ...
    def render_chat(self, spec: ModelSpec, messages: list[dict[str, str]]) -> str: ...
    def model_facts(self, spec: ModelSpec) -> ModelFacts | None: ...
    def submit(self, request: TextRequest) -> job.Watchable: ...


@dataclass(frozen=True)
class Shown:
    """The text and model of the run on screen: its length is known without counting."""

    text: str
    tokens: int
    model: ModelFacts


def text_form(reader: Reader, shown: Shown, start_text: str) -> None:
    """Draw the form; Analyse puts a job into the slot and runs the page again."""
    _form(reader, shown, start_text)


@st.fragment
def _form(reader: Reader, shown: Shown, start_text: str) -> None:
    asked, draft = st.session_state.get(_DRAFT, (start_text, start_text))
    text = text_box(
        draft if asked == start_text else start_text,
        key="tokens:text",
        label="Text",
        placeholder="Paste or type a text, then press Ctrl+Enter.",
        height=120,
        on_change=lambda typed: _keep_draft(start_text, typed),
        on_submit=_ask,
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            _counter(reader, shown, text)
        with st.popover("Options", icon=":material/tune:", type="tertiary"):
            _options()
        st.button("Analyse", type="primary", icon=":material/play_arrow:", on_click=_ask)
    if st.session_state.pop("tokens:asked", False):
        job.start(SLOT, lambda: _submit(reader, text))
        st.rerun()


def _submit(reader: Reader, text: str) -> job.Watchable:
    request = request_for(reader, text)
    # A template adds to what was typed; the box goes on showing what was typed.
    _keep_draft(request.text, text)
    return reader.submit(request)


def _keep_draft(asked: str, typed: str) -> None:
    """Remember what was typed while, or in order that, the run of the text ``asked`` is shown."""
    st.session_state[_DRAFT] = (asked, typed)


def _ask() -> None:
    st.session_state["tokens:asked"] = True


def option(name: str) -> Any:
    """Return the value of an option."""
    return st.session_state.get(f"tokens:{name}", OPTIONS[name])


def request_for(reader: Reader, text: str) -> TextRequest:
    """Return the request for ``text`` with the options as they stand.

    Raises:
        EntroscopeError: the model has no chat template, or its tokenizer cannot be read.
    """
    spec, special = state.model(), option("special")
    if option("chat"):
        text = reader.render_chat(spec, [{"role": "user", "content": text}])
        special = "special"
    return TextRequest(
        model=spec,
        text=text,
        top_k=int(option("top_k")),
        add_bos=option("add_bos"),
        special_tokens=special,
        long_text=option("long"),
        window_overlap=int(option("overlap")) or None,
        curve=option("curve"),
    )


def _counter(reader: Reader, shown: Shown, text: str) -> None:
    """Say how long the text is, and warn when it is longer than the model reads."""
    spec = state.model()
    facts = reader.model_facts(spec) or (shown.model if spec.source == shown.model.source else None)
    limit = facts.context if facts else None
    try:
        if text == shown.text and spec.source == shown.model.source:
            count = shown.tokens  # no tokenizer is needed, nor a model from a link looked up
        else:
            count = reader.count_tokens(spec, text, option("special"))
    except EntroscopeError as error:
        st.caption(f":material/warning: {escape_markdown(str(error))}")
        return
    count += option("add_bos") and text != shown.text
    if limit is None:
        st.caption(f"{count:,} tokens · {len(text):,} characters")
    elif count <= limit:
        st.caption(f"{count:,} of {limit:,} tokens · {len(text):,} characters")
    elif option("long") == "windows":
        st.caption(f"{count:,} tokens; this model reads {limit:,}, so in overlapping windows")
    else:
        st.warning(
            f"{count:,} tokens; this model reads {limit:,}. Shorten the text, or choose "
            "Options › Long text › windows.",
            icon=":material/warning:",
        )


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
        help="How to read `<|im_start|>` and the like.",
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
