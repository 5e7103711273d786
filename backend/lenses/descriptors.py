"""What a browser is told of lenses: everything that does not depend on a run, ready for JSON."""

from __future__ import annotations

from dataclasses import MISSING
from functools import cache
from typing import Any

from latex2mathml.converter import convert

from ..runs.fields import Field, as_edited
from .base import LENSES, Lens
from .panels.base import Panel, plain_panel


@cache
def describe(lens: Lens) -> dict[str, Any]:
    """Return a lens: its words, fields and panels. Not to be changed: all sessions share it."""
    return {
        "kind": lens.kind,
        "title": lens.title,
        "summary": lens.summary,
        "group": lens.group,
        "family": lens.family,
        "subject": lens.subject,
        "figures": list(lens.figures),
        "guide": list(lens.guide),
        "fields": {name: _field(each, lens) for name, each in lens.fields.items()},
        "panels": [_panel(each, lens) for each in lens.panels],
    }


def describe_all() -> dict[str, Any]:
    """Return every lens by its kind."""
    return {kind: describe(LENSES[kind]) for kind in LENSES}


def _panel(panel: Panel, lens: Lens) -> dict[str, Any]:
    plain = plain_panel(panel, lens.run_type)
    for each in (plain, *plain["numbers"]):
        each["mathml"] = mathml(each.pop("formula"))
    # Whether there is a picture to take along.
    return {**plain, "picture": type(panel).chart is not Panel.chart}


@cache
def mathml(formula: str) -> str:
    """Return a LaTeX formula as MathML, an empty one as it is."""
    return convert(formula) if formula else ""


def _field(field: Field, lens: Lens) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": lens.words.get(field.name, field.label),
        "help": field.help,
        "kind": field.kind,
        "choices": list(field.choices),
        "low": field.low,
        "high": field.high,
        "empty": field.empty,
        "lines": field.lines,
        "filled": field.filled,
        "needed": field.needed or field.beside,
        "default": None if field.default is MISSING else as_edited(field, field.default),
    }
