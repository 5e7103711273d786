"""Everything of a run that a browser can ask for, by name."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, cast

from ..characters import without_steering
from ..charts.colours import ThemeName
from ..derived import number
from ..derived.comparison import Comparison
from ..errors import InputError
from ..quantities import UNITS
from ..runs.base import Run, TokenizedRun
from ..runs.fields import request_fields
from ..runs.tables import Table
from ..runs.trajectories import TrajectoryRun
from ..storage.csv_file import table_csv
from ..storage.files import dump_run
from ..storage.plain import plain_value, to_plain
from ..storage.snippet import snippet
from .base import Lens
from .panels.base import NONE, Panel, Parameters, described
from .panels.parameters import check_names, one_of
from .panels.text import text_parcel
from .parcel import MEDIA_TYPE, pack

Part = tuple[bytes, str]
"""Content and media type."""

Report = Callable[[Run, str], str]
"""From a run and a unit to a page."""

CHARTS = {
    "vl.json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
"""What a panel's picture can be had as, by the ending of its name."""

THEMES: tuple[ThemeName, ...] = ("light", "dark")


def part(
    lens: Lens,
    run: Run,
    name: str,
    parameters: Parameters = NONE,
    *,
    report: Report | None = None,
) -> Part:
    """Return one part of a run.

    Args:
        lens: that shows the run.
        run: of the lens's kind.
        name: "text", "figures", "about"; of a panel, alone or with an ending of ``CHARTS``;
            "table/<name>.csv"; "run.json", "run.safetensors", "snippet.py", "report.html".
        parameters: of the part, unchecked.
        report: makes the report; what is above lenses hands it in.

    Raises:
        InputError: there is no such part, or a parameter is of no use; in one line.
    """
    whole: dict[str, Callable[[], Part]] = {
        "figures": lambda: (_figures(lens, run), MEDIA_TYPE),
        "about": lambda: (_about(run), MEDIA_TYPE),
        "run.json": lambda: (_json(to_plain(run)), "application/json"),
        "run.safetensors": lambda: (dump_run(run), MEDIA_TYPE),
        "snippet.py": lambda: (snippet(run).encode(), "text/x-python; charset=utf-8"),
    }
    if isinstance(run, Comparison):  # what a file holds are its two runs
        whole.pop("run.json")
        whole.pop("run.safetensors")
        run = run.a if name == "text" else run
    if isinstance(run, TokenizedRun):
        whole["text"] = lambda: (text_parcel(run), MEDIA_TYPE)
    if name in whole:
        check_names(parameters, ())
        return whole[name]()
    if name == "report.html" and report is not None:
        check_names(parameters, ("unit",))
        return report(run, one_of(parameters, "unit", UNITS)).encode(), "text/html; charset=utf-8"
    if name.startswith("table/"):
        check_names(parameters, ())
        return _table(run, name), CHARTS["csv"]
    return _of_panel(lens, run, name, parameters)


def _of_panel(lens: Lens, run: Run, name: str, parameters: Parameters) -> Part:
    wanted, dot, ending = name.partition(".")
    panel = lens.panel(wanted)
    if panel is None or (dot and ending not in CHARTS):
        raise InputError(f"There is no part {name[:60]!r} of a run of {lens.kind}.")
    if not ending:
        check_names(parameters, panel.asks())
        return panel.parcel(run, parameters), MEDIA_TYPE
    check_names(parameters, (*panel.asks(), "unit", "theme"))
    return _chart(panel, run, ending, parameters), CHARTS[ending]


def _chart(panel: Panel, run: Run, ending: str, parameters: Parameters) -> bytes:
    """Return the picture of a panel as one of ``CHARTS``."""
    from ..charts.render import Picture, render

    unit = one_of(parameters, "unit", UNITS)
    theme = cast(ThemeName, one_of(parameters, "theme", THEMES))
    own = {name: value for name, value in parameters.items() if name in panel.asks()}
    spec = panel.chart(run, unit, own)
    if spec is None:
        why = panel.missing or f"There is no picture of {panel.name} in this run."
        if ending == "vl.json":  # a page that shows the reason in the picture's place
            return _json({"nothing": why})
        raise InputError(why)
    spec = _steady(spec)
    if ending == "vl.json":
        return _json(spec)
    rows = spec["datasets"]
    if ending == "json":
        return _json(rows)
    if ending == "csv":
        return table_csv(_columns(rows)).encode("utf-8", "replace")
    return render(spec, cast(Picture, ending), theme)


def _steady(value: Any) -> Any:
    """Return a specification whose texts steer nothing: a picture shows them as they are."""
    if isinstance(value, str):
        return without_steering(value)
    if isinstance(value, dict):
        return {name: _steady(each) for name, each in value.items()}
    return [_steady(each) for each in value] if isinstance(value, list) else value


def _columns(sets: dict[str, Any]) -> Table:
    """Return the first set of rows as columns; the others are marks and ends."""
    rows = next(iter(sets.values()))
    return {name: [row.get(name) for row in rows] for name in (rows[0] if rows else {})}


def _figures(lens: Lens, run: Run) -> bytes:
    values = [float(number(run, name).values) for name in lens.figures]
    figures = [
        {**described(run, name), "value": plain_value(value)}
        for name, value in zip(lens.figures, values, strict=True)
    ]
    return pack({"figures": figures}, {})


def _about(run: Run) -> bytes:
    return pack({"facts": facts(run)}, {})


def facts(run: Run) -> list[tuple[str, str]]:
    """Return what the model is and how the run was made, as labels and texts."""
    if isinstance(run, Comparison):
        both = zip(facts(run.a), facts(run.b), strict=False)
        return [(label, a if a == b else f"A: {a} · B: {b}") for (label, a), (_, b) in both]
    of = run.model
    found = [
        ("Model", of.name),
        ("Source", of.source),
        ("Revision", of.revision or "–"),
        ("Weights", of.weights),
        ("Architecture", of.architecture),
        ("Parameters", f"{of.parameters / 1e6:,.1f} million"),
        ("Layers", f"{of.layers}"),
        ("Heads", f"{of.heads} ({of.kv_heads} for keys and values)"),
        ("Hidden size", f"{of.hidden_size:,}"),
        ("Vocabulary", f"{of.vocab_size:,} tokens"),
        ("Context", "no fixed limit" if of.context is None else f"{of.context:,} tokens"),
        ("Computed in", f"{of.dtype} on {of.device}"),
        ("Memory of the weights", f"{of.memory_bytes / 1e6:,.0f} MB"),
        ("Made", f"{run.created} in {run.seconds:.2f} s"),
        ("With", ", ".join(f"{name} {version}" for name, version in run.versions.items())),
    ]
    if isinstance(run, TokenizedRun) and run.seconds:
        pace = len(run) / run.seconds
        words = f"{pace:,.0f}" if pace >= 10 else f"{pace:.2g}"
        found.append(("Tokens per second", f"{words}; a short text does not show what it can do"))
    if isinstance(run, TrajectoryRun):
        found.append(("Samplers", _samplers(run)))
        found.append(("Seeds", ", ".join(map(str, run.request.seeds))))
    return [*found, *_asked(run)]


def _samplers(run: TrajectoryRun) -> str:
    """Return every sampler by its label, with the parameters of each link of its chain."""
    told = []
    for label, plan in zip(run.labels, run.request.samplers, strict=True):
        links = [
            ", ".join(
                f"{name.replace('_', ' ')} {value}" for name, value in each.parameters.items()
            )
            for each in plan
        ]
        told.append(f"{label} ({' → '.join(links)})")
    return "; ".join(told)


def _asked(run: Run) -> list[tuple[str, str]]:
    """Return the options of the request in words."""
    values = asdict(run.request)
    return [
        (each.label, _option(values[each.name]))
        for each in request_fields(type(run.request)).values()
        if not each.needed and each.kind != "own"
    ]


def _option(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and not math.isfinite(value):
        return "–"
    if isinstance(value, tuple | list):
        return ", ".join(map(repr, value)) or "–"
    return "–" if value is None else str(value)


def _table(run: Run, name: str) -> bytes:
    wanted = name.removeprefix("table/").removesuffix(".csv")
    tables = run.tables()
    if not name.endswith(".csv") or wanted not in tables:
        raise InputError(f"There is no table {name[:60]!r}; known: {', '.join(tables)}.")
    return table_csv(tables[wanted]).encode("utf-8", "replace")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
