"""Words of files and readers in widgets that render Markdown."""

from __future__ import annotations

import re

import pytest

from components.plain import escape_markdown
from tests.security.hostile import ADDRESS, CONTROLS, FORMULA, MARKUP, PICTURE, WORDS

# What GitHub's Markdown makes a link of, in the text that is left after all escapes.
_LINKS = re.compile(r"(https?://|www\.)[-.\w]+|[-.\w+]+@[-\w]+(\.[-\w]+)+", re.IGNORECASE)
_JOINER = "\u2060"


def seen(escaped: str) -> str:
    """Return what is on screen, invisible joiners included."""
    return re.sub(r"\\(.)", r"\1", escaped)


@pytest.mark.parametrize(
    "text",
    [ADDRESS, PICTURE, MARKUP, FORMULA, "HTTPS://a.example", "WWW.a.example", "x+y@a.example"],
)
def test_no_address_in_shown_text_becomes_a_link(text):
    assert _LINKS.search(text)
    assert not _LINKS.search(seen(escape_markdown(text)))


@pytest.mark.parametrize("text", [ADDRESS, PICTURE, MARKUP, "a -> b <- c -- d >= e <= f ~= g", "@"])
def test_a_text_is_shown_letter_by_letter(text):
    assert seen(escape_markdown(text)).replace(_JOINER, "") == text


def test_arrows_stay_what_was_typed():
    shown = seen(escape_markdown("a -> b <- c -- d >= e <= f ~= g"))
    assert not re.search(r"->|<-|--|>=|<=|~=", shown)


def test_every_character_that_markdown_reads_is_escaped():
    escaped = escape_markdown(WORDS)
    assert not re.search(r"(?<!\\)[`*_{}\[\]()<>#|~$:!]", escaped)


def test_control_characters_are_shown_as_code_points():
    assert "U+001B" in seen(escape_markdown(CONTROLS))
    assert not re.search(
        "[\x00-\x1f\x80-\x9f\u202a-\u202e\u2066-\u2069]", escape_markdown(CONTROLS)
    )
