"""What a run is about, in words for lists and links."""

from __future__ import annotations

from ..runs.base import Request


def subject(request: Request) -> str:
    """Return the text or prompt the study read; of a data set, the first text."""
    for name in ("text", "prompt"):
        value = getattr(request, name, None)
        if isinstance(value, str):
            return value
    texts = getattr(request, "texts", ())
    return texts[0] if texts else ""


def searched(request: Request) -> str:
    """Return the text a search looks through: the subject; of a data set, all texts."""
    return "\n".join(getattr(request, "texts", ())) or subject(request)
