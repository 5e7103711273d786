"""From a run to the page: what stands in a report of each kind."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from backend.runs import series
from backend.runs.attention import AttentionRun
from backend.runs.base import Run
from backend.runs.dataset import DatasetRun
from backend.runs.divergence import DivergenceRun
from backend.runs.files import content_id
from backend.runs.model import ModelFacts
from backend.runs.report.pictures import Line, Picture, Shade, heat_picture, lines_picture
from backend.runs.report.strip import strip_data, strip_tokens
from backend.runs.snippet import snippet
from backend.runs.subject import subject
from backend.runs.tables import Table, tables
from backend.runs.text import TextRun
from backend.runs.trajectories import TrajectoryRun

Section = dict[str, Any]
Unit = tuple[str, float]
"""The name of the unit, and how many of it a nat is."""

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
    content = {"figures": {}, "pictures": [], "strip": None, "answers": [], "table": None}
    content |= {"reasons": {}, "other": {}}
    content |= _SECTIONS[type(run)](run, shades, (unit, scale))
    asked = {name: value for name, value in asdict(run.request).items() if name != "model"}
    return _PAGES.get_template("page.html").render(
        title=run.title or f"{run.kind.capitalize()} run {content_id(run)}",
        run=run,
        run_id=content_id(run),
        subject=subject(run.request),
        unit=unit,
        shades=list(enumerate(shades)),
        style=_own("page.css"),
        script=_own("page.js"),
        model=_facts(run.model),
        parameters={name: value for name, value in asked.items() if name not in _LONG},
        snippet=snippet(run),
        **content,
    )


def _facts(model: ModelFacts) -> dict[str, Any]:
    return {name: value for name, value in asdict(model).items() if value is not None}


_LONG = ("text", "texts", "prompt")


def _own(name: str) -> Markup:
    """Return a file of this folder, to stand in the page as it is."""
    return Markup((_FOLDER / name).read_text("utf-8"))  # noqa: S704


def _text(run: TextRun, shades: Sequence[Shade], unit: Unit) -> Section:
    name, scale = unit
    walk = series.gap_walk(run)
    lines = [Line("entropy", run.entropy * scale), Line("surprisal", run.surprisal * scale)]
    band = [Line("Σ (surprisal − entropy)", walk.walk * scale)]
    band += [Line(sign, factor * walk.band * scale) for sign, factor in (("+2σ", 1), ("−2σ", -1))]
    return {
        "figures": _text_figures(run, unit),
        "strip": {
            "tokens": strip_tokens(run, shades),
            "data": strip_data(run, shades, name, scale),
        },
        "pictures": [
            lines_picture(
                "Entropy and surprisal",
                "How undecided the model was before each token, H = −Σ p ln p over the vocabulary, "
                "and how unexpected the token was, −ln p.",
                lines,
                "token",
                name,
            ),
            lines_picture(
                "Running surprisal − entropy",
                "Inside the band, the text is as surprising as the model's own writing would be.",
                band,
                "token",
                name,
            ),
        ],
        "table": _table(tables(run)["tokens"], "All tokens"),
    }


def _text_figures(run: TextRun, unit: Unit) -> dict[str, str]:
    name, scale = unit
    figures = series.summarise(run)
    return {
        "tokens": f"{figures.tokens:,}",
        f"mean entropy ({name})": f"{figures.mean_entropy * scale:.4f}",
        f"mean surprisal ({name})": f"{figures.mean_surprisal * scale:.4f}",
        "perplexity": f"{figures.perplexity:.4f}",
        "bits per byte": f"{figures.bits_per_byte:.4f}",
        "most likely token came": f"{100 * figures.top1_share:.1f} %",
    }


def _attention(run: AttentionRun, shades: Sequence[Shade], unit: Unit) -> Section:
    name, scale = unit
    heads = _mean(run.entropy * scale, 2)
    layers = _mean(run.entropy * scale, (1, 2))
    return {
        "figures": {
            "tokens": f"{len(run):,}",
            "layers × heads": f"{run.model.layers} × {run.model.heads}",
            f"mean entropy ({name})": f"{float(_mean(heads, None)):.4f}",
        },
        "pictures": [
            heat_picture(
                "Mean attention entropy of every head",
                "Dark heads look at few tokens, bright heads at many. H = −Σ w ln w over the "
                "visible keys, mean over the tokens; colours end at ln of the number of tokens.",
                heads,
                float(np.log(max(len(run), 2))) * scale,
                shades,
                name,
            ),
            lines_picture(
                "Mean attention entropy by layer",
                "Mean over heads and tokens.",
                [Line("entropy", layers)],
                "layer",
                name,
            ),
        ],
        "reasons": run.reasons,
        "table": _table(tables(run)["heads"], "All heads"),
    }


def _trajectories(run: TrajectoryRun, shades: Sequence[Shade], unit: Unit) -> Section:
    name, scale = unit
    seeds = run.request.seeds

    def by_step(title: str, read: str, values: np.ndarray, unit_name: str) -> Picture:
        means = zip(run.labels, _mean(values, 1), strict=True)
        lines = [Line(label, mean) for label, mean in means]
        return lines_picture(title, read + " Mean over the seeds.", lines, "step", unit_name)

    kept = np.where(run.token_ids >= 0, run.kept_count, np.nan)
    return {
        "figures": {"samplers": f"{len(run.labels)}", "seeds": f"{len(seeds)}"},
        "answers": [
            {"label": label, "seed": seed, "text": run.texts[row][column]}
            for row, label in enumerate(run.labels)
            for column, seed in enumerate(seeds)
        ],
        "pictures": [
            by_step(
                "Entropy by step",
                "Of the model's own distribution, before the sampler: H = −Σ p ln p.",
                run.entropy * scale,
                name,
            ),
            by_step(
                "Surprisal by step",
                "How unexpected the drawn token was to the model itself: −ln p.",
                run.surprisal * scale,
                name,
            ),
            by_step(
                "Kept tokens by step", "How many the sampler left to draw from.", kept, "tokens"
            ),
        ],
        "table": _table(tables(run)["steps"], "All steps"),
    }


def _dataset(run: DatasetRun, shades: Sequence[Shade], unit: Unit) -> Section:
    name, scale = unit
    ordered = np.sort(run.mean_entropy[np.isfinite(run.mean_entropy)]) * scale
    return {
        "figures": {
            "texts": f"{len(run):,}",
            "tokens": f"{int(run.tokens.sum()):,}",
            f"mean of mean entropy ({name})": f"{float(_mean(ordered, None)):.4f}",
        },
        "pictures": [
            lines_picture(
                "Mean entropy, texts in order of it",
                "How undecided the model was, from the easiest text to the hardest.",
                [Line("mean entropy", ordered)],
                "text",
                name,
            )
        ],
        "table": _table(tables(run)["texts"], "All texts"),
    }


def _divergence(run: DivergenceRun, shades: Sequence[Shade], unit: Unit) -> Section:
    name, scale = unit
    measures = {"KL(A‖B)": run.kl_ab, "KL(B‖A)": run.kl_ba, "Jensen–Shannon": run.js}
    return {
        "figures": {
            "tokens": f"{len(run):,}",
            "A": f"{run.model.name} ({run.model.dtype})",
            "B": f"{run.other_model.name} ({run.other_model.dtype})",
            **{
                f"mean {label} ({name})": f"{float(_mean(values * scale, None)):.6f}"
                for label, values in measures.items()
            },
        },
        "other": _facts(run.other_model),
        "pictures": [
            lines_picture(
                "How far the predictions are apart",
                "Over the whole vocabulary, for the same tokens before. KL(A‖B) = Σ a ln(a / b); "
                "Jensen–Shannon is the mean divergence from the middle (a + b) / 2.",
                [Line(label, values * scale) for label, values in measures.items()],
                "token",
                name,
            )
        ],
        "table": _table(tables(run)["tokens"], "All tokens"),
    }


_SECTIONS: dict[type[Run], Callable[[Any, Sequence[Shade], Unit], Section]] = {
    TextRun: _text,
    AttentionRun: _attention,
    TrajectoryRun: _trajectories,
    DatasetRun: _dataset,
    DivergenceRun: _divergence,
}


def _mean(values: np.ndarray, axis: int | tuple[int, ...] | None) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing is NaN: as wanted
        return np.asarray(np.nanmean(values, axis=axis, dtype=np.float64))


def _table(table: Table, title: str) -> Section:
    columns = [each.tolist() if isinstance(each, np.ndarray) else each for each in table.values()]
    rows = [[_cell(value) for value in row] for row in zip(*columns, strict=True)]
    return {"title": title, "names": list(table), "rows": rows}


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "–" if value != value else f"{value:.5g}"
    return str(value)
