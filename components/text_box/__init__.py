"""A text area that tells the script what is in it while the reader types.

Streamlit's own reports only when the reader leaves it, too late for a token counter under it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamlit.components.v2 import component

from ..browser.two_way import hear, settle

UNCOUNTED = "tokens are counted once the model has been fetched"
"""What a counter under a text box says while the tokenizer is not on this machine."""

FOLDER = Path(__file__).parent

_mount = component(
    "text_box",
    css=(FOLDER / "text_box.css").read_text(encoding="utf-8"),
    js=(FOLDER / "text_box.js").read_text(encoding="utf-8"),
)


def text_box(
    value: str,
    *,
    key: str,
    label: str = "Text",
    placeholder: str = "",
    help: str = "",
    height: int = 160,
    disabled: bool = False,
    on_change: Callable[[str], None] | None = None,
    on_submit: Callable[[], None] | None = None,
) -> str:
    """Show a text area and return its text, which follows typing after 0.3 s of rest.

    Args:
        value: the text to begin with. Passing another value later puts that into the area, as an
            example picker does; passing the same one again, or the text last returned, leaves
            the reader's text alone.
        key: of the component.
        label: shown above the area, and its accessible name.
        placeholder: shown while the area is empty.
        help: one line under the area.
        height: of the area in pixels at first; the reader can drag it.
        disabled: show the text without letting it be changed.
        on_change: called with the new text, before the script runs. A page that keeps the text in
            its own state sets it there; then asking for an earlier text again is obeyed at once.
        on_submit: called when the reader presses Ctrl+Enter (Cmd+Enter), before the script runs.

    Returns:
        The text as it stands now.
    """
    text = settle(key, "text", value)
    _mount(
        key=key,
        data={
            "key": key,
            "text": text.order,
            "label": label,
            "placeholder": placeholder,
            "help": help,
            "height": height,
            "disabled": disabled,
        },
        on_text_change=lambda: hear(key, "text", "", on_change),
        on_submitted_change=on_submit or _nothing,
    )
    return text.value if isinstance(text.value, str) else value


def _nothing() -> None:
    """Let the script run, no more."""
