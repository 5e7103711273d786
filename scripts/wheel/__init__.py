"""Entropy inside language models: load a model, ask for a study, get a run.

    import entroscope
    model = entroscope.load_model("bundled")
    run = entroscope.study_text(model, "The capital of France is Paris.")

All of ``entroscope.backend`` can be had from here. Importing this loads neither torch nor
Streamlit.
"""

from __future__ import annotations

from typing import Any

from . import backend
from .backend.version import VERSION as __version__

__all__ = ["__version__", "backend"]


def __getattr__(name: str) -> Any:
    return getattr(backend, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(backend)})
