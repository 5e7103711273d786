"""A run as one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..derived import series
from ..runs.base import Run
from ..storage.files import content_id
from ..storage.snippet import snippet
from ..storage.subject import subject
from .pictures import Shade
from .sections import SECTIONS, Section, facts

_FOLDER = Path(__file__).parent
_PAGES = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def report_html(run: Run, shades: Sequence[Shade], unit: str = "nats") -> str:
    """Return a page with the run's numbers, main pictures, model, parameters and citation.

    Args:
        run: of any kind.
        shades: colours from the lowest value to the highest, each with its text colour.
        unit: "nats" or "bits".
    """
    scale = float(series.to_unit(np.ones(1), unit)[0])
    content: Section = {"strip": None, "answers": [], "reasons": {}, "other": {}, "parameters": {}}
    content |= SECTIONS[type(run)](run, shades, (unit, scale))
    asked = {name: value for name, value in asdict(run.request).items() if name != "model"}
    asked |= content.pop("parameters")
    return _PAGES.get_template("page.html").render(
        title=run.title or f"{run.kind.capitalize()} run {content_id(run)}",
        run=run,
        run_id=content_id(run),
        subject=subject(run.request),
        unit=unit,
        shades=list(enumerate(shades)),
        style=_own("page.css"),
        script=_own("page.js"),
        model=facts(run.model),
        parameters={name: value for name, value in asked.items() if name not in _ELSEWHERE},
        snippet=snippet(run),
        **content,
    )


_ELSEWHERE = ("text", "texts", "prompt", "other")
"""Parameters that have a section of their own."""


def _own(name: str) -> Markup:
    """Return a file of this folder, to stand in the page as it is."""
    return Markup((_FOLDER / name).read_text("utf-8"))  # noqa: S704
