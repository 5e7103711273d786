"""Text of models and readers made safe and visible for widgets that render Markdown."""

from __future__ import annotations

import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:])")
_VISIBLE = str.maketrans({"\n": "\\n", "\t": "\\t", "\r": "\\r", " ": "·", "\u00a0": "⍽"})


def escape_markdown(text: str) -> str:
    """Return ``text`` so that Streamlit's Markdown shows it as it is.

    Covers directives such as ``:red[…]``, ``:material/…:`` and formulas too.
    """
    return _MARKDOWN.sub(r"\\\1", text)


def token_label(text: str, limit: int = 24) -> str:
    r"""Return one token for a table or an axis: every character visible, one line, cut with "…".

    A space is "·", line breaks and tabs are written ``\n`` and ``\t``, invisible and
    direction-changing characters as their code point. The empty token is "∅".
    """
    shown = "".join(
        each if each.isprintable() else f"U+{ord(each):04X}" for each in text.translate(_VISIBLE)
    )
    return (shown if len(shown) <= limit else f"{shown[: limit - 1]}…") or "∅"


def numbered_label(index: int, text: str, limit: int = 24) -> str:
    """Return a token with its place in the text, so that equal tokens stay apart on an axis."""
    return f"{index} {token_label(text, limit)}"


def whole_label(index: int, text: str) -> str:
    """Return a token with its place for a tooltip: whole, unless it is longer than any word."""
    return numbered_label(index, text, 200)
