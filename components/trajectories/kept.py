"""Controls of this page that keep their value while the reader looks at others."""

from __future__ import annotations

from typing import Any

from ..kept import kept as kept_on


def key_of(name: str) -> str:
    """Return the session key of a control."""
    return f"trajectories:{name}"


def kept(name: str, default: Any) -> dict[str, Any]:
    """Return the arguments that tie a widget to a control of this page: see ``components.kept``."""
    return kept_on("trajectories", name, default)
