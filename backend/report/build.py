"""A run as one page, and as a piece of a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from ..characters import without_steering
from ..derived.comparison import SEPARATOR, Comparison
from ..errors import InputError
from ..lenses import LENSES, Lens
from ..lenses.panels.table import Table
from ..lenses.parts import facts
from ..quantities import UNITS
from ..runs.attention import AttentionRun
from ..runs.base import Run, TokenizedRun
from ..runs.divergence import DivergenceRun
from ..runs.trajectories import TrajectoryRun
from ..storage.atomic import write_atomically
from ..storage.files import content_id
from ..storage.snippet import snippet
from ..storage.subject import subject
from .figures import definitions, figures, inline, pictures, sources, theme_rules
from .strip import shade_rules, token_strip

_FOLDER = Path(__file__).parent
_PAGES = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def report_html(run: Run, unit: str = "nats") -> str:
    """Return a page with the run's numbers, pictures, model, parameters and citation.

    Control characters of its texts are written as their code point.

    Args:
        run: of any kind.
        unit: "nats" or "bits".

    Raises:
        InputError: the unit is neither.
    """
    if unit not in UNITS:
        raise InputError(f"The unit is 'nats' or 'bits', not {unit!r}.")
    lens = LENSES[run.kind]
    page = _PAGES.get_template("page.html").render(
        title=run.title or f"{lens.title}, run {content_id(run)}",
        lens=lens,
        run=run,
        run_id=content_id(run),
        subject=subject(run.request),
        unit=unit,
        themes=theme_rules(),
        shades=shade_rules(),
        style=_own("page.css"),
        script=_own("page.js"),
        figures=figures(lens, run, unit),
        strip=token_strip(run, lens, unit) if isinstance(run, TokenizedRun) else None,
        answers=_answers(run),
        pictures=list(pictures(lens, run, unit)),
        reasons=run.reasons if isinstance(run, AttentionRun) else {},
        table=_table(lens, run),
        facts=facts(run),
        other=_other(run),
        definitions=definitions(lens, run),
        sources=sources(lens, run),
        snippet=snippet(run),
    )
    return without_steering(page)


def write_report(run: Run, path: Path, unit: str = "nats") -> Path:
    """Write the page of a run as one file, atomically, and return its path."""
    write_atomically(path, report_html(run, unit).encode("utf-8", "replace"))
    return path


def notebook_html(run: Run) -> str:
    """Return the first picture of a run's lens with its title, for a notebook."""
    lens = LENSES[run.kind]
    title = escape(run.title or lens.title)
    light = theme_rules()["light"]  # on a ground of its own, whatever the notebook's is
    rules = ";".join(f"{name}:{colour}" for name, colour in light.items())
    frame = Markup('<div style="{};background:{};color:{};padding:1px 12px">').format(
        rules, light["--background"], light["--ink"]
    )
    head = Markup("<p><b>{}</b><br>{}</p>").format(title, lens.summary)
    for place, panel in enumerate(lens.panels):
        spec = panel.chart(run, "nats")
        if spec is not None:
            own = run.request.content if isinstance(run, Comparison) else content_id(run)
            prefix = f"n{own.replace(SEPARATOR, '-')}{place}"
            return frame + head + inline(spec, prefix) + Markup("</div>")
    return frame + head + Markup("</div>")


def _answers(run: Run) -> list[dict[str, Any]]:
    """Return what every sampler wrote."""
    if not isinstance(run, TrajectoryRun):
        return []
    return [
        {"label": label, "seed": seed, "text": run.texts[row][column]}
        for row, label in enumerate(run.labels)
        for column, seed in enumerate(run.request.seeds)
    ]


def _other(run: Run) -> list[tuple[str, str]]:
    """Return the facts of the second model of a divergence."""
    if not isinstance(run, DivergenceRun):
        return []
    of = run.other_model
    return [("Model", of.name), ("Source", of.source), ("Revision", of.revision or "–"),
            ("Weights", of.weights), ("Computed in", f"{of.dtype} on {of.device}")]  # fmt: skip


def _table(lens: Lens, run: Run) -> dict[str, Any]:
    """Return the table of the lens, whole; the first one of the run where it has none."""
    tables = run.tables()
    name = next((each.table for each in lens.panels if isinstance(each, Table)), next(iter(tables)))
    table = tables[name]
    columns = [each.tolist() if isinstance(each, np.ndarray) else each for each in table.values()]
    rows = [[_cell(value) for value in row] for row in zip(*columns, strict=True)]
    return {"title": f"All {name}", "names": list(table), "rows": rows}


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "–" if value != value else f"{value:.5g}"
    return str(value)


def _own(name: str) -> Markup:
    """Return a file of this folder, to stand in the page as it is."""
    return Markup((_FOLDER / name).read_text("utf-8"))  # noqa: S704
