"""What a run is about, in words for lists and links."""

from __future__ import annotations

from ..runs.base import Request
from ..runs.fields import filled_field


def subject(request: Request) -> str:
    """Return the text or prompt the study read; of a data set, the first text."""
    field = filled_field(type(request))
    if field is not None:
        return getattr(request, field.name)
    texts = getattr(request, "texts", ())
    return texts[0] if texts else ""


def searched(request: Request) -> str:
    """Return the text a search looks through: the subject; of a data set, all texts."""
    return "\n".join(getattr(request, "texts", ())) or subject(request)
