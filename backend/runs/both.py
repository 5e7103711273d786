"""Asking for the text study and the attention study of one text at once: two runs, one reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Request
from .text import TextRequest


@dataclass(frozen=True, kw_only=True)
class BothRequest(Request):
    """Ask for what ``text`` asks, and for the attention of every head over the same tokens.

    Attributes:
        text: the request of the text study, for the same model. The attention study reads what
            that one reads, a chat template included; it knows no windows.
    """

    kind: ClassVar[str] = "both"
    text: TextRequest
