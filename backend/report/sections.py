"""What stands in a report of each kind of run."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from ..derived import series
from ..runs.attention import AttentionRun
from ..runs.base import Run
from ..runs.dataset import DatasetRun
from ..runs.divergence import DivergenceRun
from ..runs.model import ModelFacts
from ..runs.tables import Table
from ..runs.text import TextRun
from ..runs.trajectories import TrajectoryRun
from .pictures import Line, Picture, Shade, heat_picture, lines_picture
from .strip import Strip, TokenMeasure, numbers, strip_section

Section = dict[str, Any]
Unit = tuple[str, float]
"""The name of the unit, and how many of it a nat is."""

_SHANNON = "Entropy and surprisal: Shannon 1948, A Mathematical Theory of Communication."


def facts(model: ModelFacts) -> dict[str, Any]:
    """Return what is known about a model."""
    return {name: value for name, value in asdict(model).items() if value is not None}


def _text(run: TextRun, shades: Sequence[Shade], unit: Unit) -> Section:
    name, scale = unit
    walk = series.gap_walk(run)
    lines = [Line("entropy", run.entropy * scale), Line("surprisal", run.surprisal * scale)]
    band = [Line("Σ (surprisal − entropy)", walk.walk * scale)]
    band += [Line(sign, factor * walk.band * scale) for sign, factor in (("+2σ", 1), ("−2σ", -1))]
    return {
        "figures": _text_figures(run, unit),
        "strip": strip_section(run, _text_strip(run), shades, name, scale),
        "sources": [_SHANNON, "Band: central limit theorem for martingale differences."],
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
        "table": _table(run.tables()["tokens"], "All tokens"),
    }


def _text_strip(run: TextRun) -> Strip:
    return Strip(
        "The colour of a token is about the distribution that predicted it.",
        {
            "entropy": TokenMeasure(run.entropy, 7.0),
            "surprisal": TokenMeasure(run.surprisal, 14.0),
        },
        {
            "predicted": {
                "rank": numbers(run.rank),
                "topIds": run.top_ids.tolist(),
                "topLogprobs": [numbers(row) for row in run.top_logprobs],
                "vocabulary": run.vocabulary,
            }
        },
    )


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
        "strip": strip_section(run, _attention_strip(run), shades, name, scale),
        "sources": [
            "Entropy of attention: Zhai and others 2023, σReparam, arXiv 2303.06296.",
            "Heads and layers: Entropy-Guided Attention, arXiv 2501.03489.",
        ],
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
                "H = −Σ w ln w over the visible keys, mean over heads and tokens.",
                [Line("entropy", layers)],
                "layer",
                name,
            ),
        ],
        "reasons": run.reasons,
        "table": _table(run.tables()["heads"], "All heads"),
    }


def _attention_strip(run: AttentionRun) -> Strip:
    # The bound of the last token is the largest.
    high = float(np.log(max(len(run), 2)))
    values = {
        "mean entropy": _mean(run.entropy, (0, 1)),
        "widest head": _over_heads(np.nanmax, run.entropy),
        "narrowest head": _over_heads(np.nanmin, run.entropy),
        "largest possible": _over_heads(np.nanmax, run.max_entropy[:, None]),
    }
    return Strip(
        "The colour of a token is about its own look back: how widely the heads spread their "
        "weights over the tokens up to it.",
        {name: TokenMeasure(each, high) for name, each in values.items()},
    )


def _trajectories(run: TrajectoryRun, shades: Sequence[Shade], unit: Unit) -> Section:
    name, scale = unit
    seeds = run.request.seeds

    def by_step(
        title: str, read: str, values: np.ndarray, unit_name: str, *, log: bool = False
    ) -> Picture:
        means = zip(run.labels, _mean(values, 1), strict=True)
        lines = [Line(label, mean) for label, mean in means]
        return lines_picture(
            title, read + " Mean over the seeds.", lines, "step", unit_name, log=log
        )

    kept = np.where(run.token_ids >= 0, run.kept_count, np.nan)
    return {
        "sources": [_SHANNON, "Samplers: docs/samplers.md names the source of each."],
        "figures": {"samplers": f"{len(run.labels)}", "seeds": f"{len(seeds)}"},
        "parameters": {"samplers": _samplers(run)},
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
                "Kept tokens by step",
                "How many the sampler left to draw from, on a scale of powers of ten.",
                kept,
                "tokens",
                log=True,
            ),
        ],
        "table": _table(run.tables()["steps"], "All steps"),
    }


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


def _dataset(run: DatasetRun, shades: Sequence[Shade], unit: Unit) -> Section:
    name, scale = unit
    ordered = np.sort(run.mean_entropy[np.isfinite(run.mean_entropy)]) * scale
    return {
        "figures": {
            "texts": f"{len(run):,}",
            "tokens": f"{int(run.tokens.sum()):,}",
            f"mean of mean entropy ({name})": f"{float(_mean(ordered, None)):.4f}",
        },
        "sources": [_SHANNON],
        "pictures": [
            lines_picture(
                "Mean entropy, texts in order of it",
                "How undecided the model was, from the easiest text to the hardest: of each "
                "text, the mean over its tokens of H = −Σ p ln p over the vocabulary.",
                [Line("mean entropy", ordered)],
                "text",
                name,
            )
        ],
        "table": _table(run.tables()["texts"], "All texts"),
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
        "strip": strip_section(run, _divergence_strip(run), shades, name, scale),
        "sources": [
            "KL: Kullback and Leibler 1951, On Information and Sufficiency.",
            "Jensen–Shannon: Lin 1991, Divergence Measures Based on the Shannon Entropy.",
        ],
        "other": facts(run.other_model),
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
        "table": _table(run.tables()["tokens"], "All tokens"),
    }


def _divergence_strip(run: DivergenceRun) -> Strip:
    log_2 = float(np.log(2))
    values = {
        "Jensen–Shannon": (run.js, log_2),
        "KL(A‖B)": (run.kl_ab, 7.0),
        "KL(B‖A)": (run.kl_ba, 7.0),
    }
    return Strip(
        "The colour of a token is about the two distributions that predicted it: how far they are "
        "apart. Colours end at ln 2 nats, of KL at 7; or at a tenth, a hundredth … of it.",
        {name: TokenMeasure(each, _decade(each, end)) for name, (each, end) in values.items()},
    )


def _decade(values: np.ndarray, end: float) -> float:
    """Return ``end``, or that tenth of it … 10⁻⁶ that is just above all values."""
    largest = float(np.max(values, initial=0.0, where=np.isfinite(values)))
    ends = [end / 10**power for power in range(6, -1, -1)]
    return next((each for each in ends if largest <= each), end)


SECTIONS: dict[type[Run], Callable[[Any, Sequence[Shade], Unit], Section]] = {
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


def _over_heads(reduce: Callable[..., np.ndarray], values: np.ndarray) -> np.ndarray:
    """Return what ``reduce`` makes of [L, H, T] for every token, NaN where nothing is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return reduce(values, axis=(0, 1))


def _table(table: Table, title: str) -> Section:
    columns = [each.tolist() if isinstance(each, np.ndarray) else each for each in table.values()]
    rows = [[_cell(value) for value in row] for row in zip(*columns, strict=True)]
    return {"title": title, "names": list(table), "rows": rows}


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "–" if value != value else f"{value:.5g}"
    return str(value)
