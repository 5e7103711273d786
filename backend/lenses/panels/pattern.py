"""The pattern of one head, which the model computes when somebody looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ...runs.base import Run
from .base import Panel

WHOLE_TOKENS = 1024
"""Up to here a pattern is drawn whole: 4 MB, and one pixel a token."""
CELLS = 256
ROWS = 64
CLOSE_NATS = 0.02
"""Pattern and run may differ so much by the order of their sums."""


@dataclass(frozen=True, kw_only=True)
class Pattern(Panel):
    """The weights of the chosen head, queries × keys; no part of a run.

    Attributes:
        words: by name.
    """

    module: ClassVar[str] = "pattern"
    words: Mapping[str, str] = field(default_factory=dict)

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {
            "whole_tokens": WHOLE_TOKENS,
            "cells": CELLS,
            "rows": ROWS,
            "close_nats": CLOSE_NATS,
            "words": dict(self.words),
        }
