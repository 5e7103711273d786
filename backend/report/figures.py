"""Numbers, pictures and definitions of a report, from the panels of a lens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from ..charts.base import Spec
from ..charts.colours import THEMES
from ..charts.render import render
from ..derived import number, quantity_of
from ..lenses import Lens
from ..lenses.panels.base import Panel, Parameters
from ..runs.base import Run
from .words import still, written

WRITTEN = ("strip", "samplers")
"""Modules of the panels that a report writes instead of drawing them."""


@dataclass(frozen=True)
class Picture:
    """A chart with its words."""

    title: str
    read: str
    svg: Markup


def figures(lens: Lens, run: Run, unit: str) -> dict[str, str]:
    """Return the figures of a run by name with unit."""
    found = [number(run, name) for name in lens.figures]
    return {
        each.quantity.label_in(unit): written(each.quantity, float(each.values), unit)
        for each in found
    }


def pictures(lens: Lens, run: Run, unit: str) -> Iterator[Picture]:
    """Yield every picture that the run has, one for each number where a panel offers several."""
    made = 0
    for panel in lens.panels:
        if panel.module in WRITTEN or panel.area == "inspector":
            continue
        for title, parameters in _versions(panel, run):
            spec = panel.chart(run, unit, parameters)
            if spec is not None:
                yield Picture(title, still(panel.read), inline(spec, f"p{made}"))
                made += 1


def _versions(panel: Panel, run: Run) -> list[tuple[str, Parameters]]:
    """Return title and parameters of every picture of a panel."""
    for choice in panel.options(type(run)).get("choices", []):
        if choice["parameter"] == "number":
            return [
                (
                    f"{panel.title}: {quantity_of(run, each['value']).name}",
                    {"number": each["value"]},
                )
                for each in choice["values"]
            ]
    return [(panel.caption(run), {})]


def inline(spec: Spec, prefix: str) -> Markup:
    """Return a chart as SVG that stands in a page: its colours follow the page's theme.

    Args:
        spec: of the chart.
        prefix: of the names inside, so that several pictures of a page keep apart.
    """
    svg = render(spec, "svg", "light").decode()
    names: dict[str, str] = {}
    return Markup(_TAG.sub(lambda tag: _themed(tag[0], prefix, names), svg))  # noqa: S704


_TAG = re.compile(r"<[^>]+>")  # in attributes and texts Vega writes > as an entity


def _themed(tag: str, prefix: str, names: dict[str, str]) -> str:
    """Return a tag with colours by name; ``names`` are those of its parts, met until now."""
    for colour, name in _NAMES.items():
        tag = tag.replace(f'"{colour}"', f'"var({name})"')
    tag = re.sub(r' xmlns(:\w+)?="[^"]*"', "", tag)

    def own(found: re.Match[str]) -> str:
        # Vega counts its parts on and on; a report of equal numbers is the same letter by letter.
        return found[1] + names.setdefault(found[2], f"{prefix}-{len(names)}")

    return re.sub(r'( id="|url\(#)([\w-]+)', own, tag)


def theme_rules() -> dict[str, dict[str, str]]:
    """Return the value of every colour of the page in both themes, by its name in style sheets."""
    return {theme: {name: each for each, name in _named(theme).items()} for theme in THEMES}


def _named(theme: str) -> dict[str, str]:
    of = THEMES["light" if theme == "light" else "dark"]
    names = ("background", "ink", "quiet", "line", "here", "came")
    found = {getattr(of, name): f"--{name}" for name in names}
    return {**found, **{each: f"--c{place}" for place, each in enumerate(of.categories)}}


_NAMES = _named("light")


@dataclass(frozen=True)
class Definition:
    """What a number of the report is."""

    name: str
    help: str
    formula: str
    source: str


def definitions(lens: Lens, run: Run) -> list[Definition]:
    """Return what every number that the lens shows is, in its order, each once."""
    names = [*lens.figures, *(name for panel in lens.panels for name in panel.numbers())]
    found: dict[str, Definition] = {}
    for name in names:
        of = quantity_of(run, name)
        found.setdefault(of.name, Definition(of.name, of.help, of.formula, of.source))
    return list(found.values())


def sources(lens: Lens, run: Run) -> list[str]:
    """Return where the measures of a report are from, each once."""
    told = [panel.source for panel in lens.panels if panel.source]
    told = [each.source for each in definitions(lens, run)] + told
    return list(dict.fromkeys(told))
