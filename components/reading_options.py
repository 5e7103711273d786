"""How to read a text: the options that the forms of Tokens and Attention share."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from backend.runs import AttentionRequest, TextRequest

from .kept import kept

READING: dict[str, Any] = {"add_bos": False, "special": "text", "both": False}
"""The options and their defaults; the session has them as "<page>:<option>"."""


def reading_option(page: str, name: str) -> Any:
    """Return the value of an option of the form on ``page``."""
    return st.session_state.get(f"{page}:{name}", READING[name])


def bos_option(page: str) -> None:
    """Draw the toggle of the beginning-of-sequence token."""
    st.toggle(
        "Begin with a BOS token",
        help="Reads the beginning-of-sequence token first, where the model has one. The first "
        "token of the text then has a prediction, and heads that rest on such a token have it.",
        **kept(page, "add_bos", READING["add_bos"]),
    )


def special_option(page: str) -> None:
    """Draw the choice of how to read the look-alikes of control tokens."""
    st.segmented_control(
        "Special tokens typed in the text",
        ["text", "special"],
        required=True,
        format_func=lambda each: "as text" if each == "text" else "as control tokens",
        help="How to read `<|im_start|>` and the like where you typed them. Those of a chat "
        "template are always control tokens.",
        **kept(page, "special", READING["special"]),
    )


def both_option(page: str, other: Literal["attention", "tokens"]) -> None:
    """Draw the toggle that has ``other`` measured from the same reading."""
    st.toggle(
        f"Measure {other} as well",
        help=f"The {other.capitalize()} page then shows this text too. One reading serves both "
        "pages, faster than one for each.",
        **kept(page, "both", READING["both"]),
    )


def tell_reading(page: str, made: TextRequest | AttentionRequest) -> bool:
    """Let the options say how a text was read, once for every run that comes on screen.

    So control tokens are read the same way again, and a reload keeps the options.

    Returns:
        Whether the run has just come on screen.
    """
    told = f"{page}:options told"
    if st.session_state.get(told) == made.key:
        return False
    st.session_state[told] = made.key
    st.session_state[f"{page}:add_bos"] = made.add_bos
    st.session_state[f"{page}:special"] = made.special_tokens
    return True
