"""The texts as one tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..base import Area, Panel


@dataclass(frozen=True, kw_only=True)
class TextTree(Panel):
    """All texts, their common beginnings drawn once; the browser draws it from the rows."""

    module: ClassVar[str] = "tree"
    title: str = "Tree"
    area: Area = "timeline"
    read: str = (
        "Common beginnings stand once; at a fork the texts part. ● is the end of a sampler's text, "
        "◆ that of a branch. Click a stretch to go to its first step."
    )
