"""Text of models and readers made safe and visible for widgets that render Markdown."""

from __future__ import annotations

import re

from backend.characters import without_steering

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:])")
# Behind the Markdown, Streamlit looks for addresses and arrows in what is shown.
_BREAKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)|(?<=[-<>~=])(?=[-<>=])", re.IGNORECASE)
_JOINER = "\u2060"  # invisible; no line ends at it


def escape_markdown(text: str) -> str:
    """Return ``text`` so that Streamlit's Markdown shows it as it is.

    Covers directives such as ``:red[…]``, ``:material/…:`` and formulas too. Addresses do not
    become links, as an invisible word joiner stands in them; control characters are code points.
    """
    return _MARKDOWN.sub(r"\\\1", _BREAKS.sub(_JOINER, without_steering(text)))
