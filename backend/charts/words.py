"""Token text made visible for axes, bars and tooltips."""

from __future__ import annotations

_BREAKS = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_LINE = str.maketrans(_BREAKS)
_VISIBLE = str.maketrans({**_BREAKS, " ": "·", "\u00a0": "⍽"})
LONGEST = 200
"""Longer than any word."""


def visible(text: str, limit: int = LONGEST) -> str:
    r"""Return one token with every character visible, in one line, cut with "…".

    A space is "·", line breaks and tabs are written ``\n`` and ``\t``, invisible and
    direction-changing characters as their code point. The empty token is "∅".
    """
    return _cut(text.translate(_VISIBLE), limit) or "∅"


def one_line(text: str, limit: int = LONGEST) -> str:
    """Return a name or a text in one line, blanks as they are; for what is no token."""
    return _cut(text.translate(_LINE), limit)


def _cut(text: str, limit: int) -> str:
    shown = "".join(
        each if each.isprintable() or each == "\u00a0" else f"U+{ord(each):04X}" for each in text
    )
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def numbered(place: int, text: str, limit: int = LONGEST) -> str:
    """Return a token with its place, so that equal tokens stay apart."""
    return f"{place} {visible(text, limit)}"


def head_name(layer: int, head: int) -> str:
    """Return what a head is called, such as L3.H5."""
    return f"L{layer}.H{head}"
