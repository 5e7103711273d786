"""Runs as tables, one row a token, head, step or text; information in nats, by column name."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backend.runs.attention import AttentionRun
from backend.runs.base import Run, TokenizedRun
from backend.runs.dataset import DatasetRun
from backend.runs.divergence import DivergenceRun
from backend.runs.text import TextRun
from backend.runs.trajectories import TrajectoryRun

Table = dict[str, Sequence[Any] | np.ndarray]
"""Columns of equal length by name."""


def tables(run: Run) -> dict[str, Table]:
    """Return the tables of a run by name, the main one first."""
    return _TABLES[type(run)](run)


def table_csv(table: Mapping[str, Sequence[Any] | np.ndarray]) -> str:
    """Return a table as CSV with a line of names; NaN is an empty cell."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(table)
    columns = [each.tolist() if isinstance(each, np.ndarray) else each for each in table.values()]
    for row in zip(*columns, strict=True):
        writer.writerow("" if value != value else value for value in row)
    return out.getvalue()


def _tokens(run: TokenizedRun) -> Table:
    """Return what every token is; those of one ``group`` make one character together."""
    return {
        "token": np.arange(len(run)),
        "text": run.tokens,
        "id": run.token_ids,
        "start": run.offsets[:, 0],
        "end": run.offsets[:, 1],
        "group": run.groups,
    }


def _text(run: TextRun) -> dict[str, Table]:
    tokens = _tokens(run) | {
        "entropy_nats": run.entropy,
        "varentropy_nats2": run.varentropy,
        "surprisal_nats": run.surprisal,
        "rank": run.rank,
        "tokens_before": run.context_lengths,
    }
    rows, places = np.nonzero(run.top_ids >= 0)
    ids = run.top_ids[rows, places]
    top: Table = {
        "token": rows,
        "place": places + 1,
        "id": ids,
        "text": [run.vocabulary[str(each)] for each in ids],
        "logprob_nats": run.top_logprobs[rows, places],
    }
    return {"tokens": tokens, "top": top}


def _attention(run: AttentionRun) -> dict[str, Table]:
    layers, heads, tokens = run.entropy.shape
    layer, head, token = (each.ravel() for each in np.indices((layers, heads, tokens)))
    queries: Table = {"layer": layer, "head": head, "token": token}
    for name, values in _by_query(run).items():
        queries[name] = values.ravel()
    queries["max_entropy_nats"] = run.max_entropy[layer, token]
    return {"queries": queries, "heads": _heads(run), "tokens": _tokens(run)}


def _by_query(run: AttentionRun) -> dict[str, np.ndarray]:
    """Return every measure [L, H, T] by the name of its column."""
    names = (
        "entropy", "first_mass", "self_mass", "previous_mass", "induction_mass", "distance",
        "score_spread", "outside_mass",
    )  # fmt: skip
    given = {name: getattr(run, name) for name in names}
    return {
        f"{name}_nats" if name == "entropy" else name: values
        for name, values in given.items()
        if values is not None
    }


def _heads(run: AttentionRun) -> Table:
    layer, head = (each.ravel() for each in np.indices(run.entropy.shape[:2]))
    table: Table = {"layer": layer, "head": head}
    for name, values in _by_query(run).items():
        known = np.isfinite(values)
        with np.errstate(invalid="ignore"):
            total = np.where(known, values, 0).sum(2, dtype=np.float64)
            table[f"mean_{name}"] = (total / known.sum(2)).ravel()
    table["spectral_norm"] = run.spectral_norm.ravel()
    table["no_pattern_because"] = [run.reasons.get(str(each), "") for each in layer]
    return table


def _trajectories(run: TrajectoryRun) -> dict[str, Table]:
    done = np.arange(run.token_ids.shape[2]) < run.lengths[:, :, None]
    sampler, seed, step = np.nonzero(done)
    ids = run.token_ids[done]
    steps: Table = {
        "sampler": [run.labels[each] for each in sampler],
        "seed": [run.request.seeds[each] for each in seed],
        "step": step,
        "id": ids,
        "text": [run.token(each) for each in ids],
        "start": run.offsets[done][:, 0],
        "end": run.offsets[done][:, 1],
        "group": run.groups[done],
        "entropy_nats": run.entropy[done],
        "varentropy_nats2": run.varentropy[done],
        "surprisal_nats": run.surprisal[done],
        "rank": run.rank[done],
        "kept_count": run.kept_count[done],
        "kept_mass": run.kept_mass[done],
        "final_entropy_nats": run.final_entropy[done],
        "kl_nats": run.kl[done],
        "drawn_probability": run.drawn_probability[done],
    }
    steps |= {name: value[done] for name, value in run.details.items()}
    found = {"steps": steps, "tops": _tops(run)}
    return found if run.compare_count is None else found | {"compared": _compared(run, done)}


def _tops(run: TrajectoryRun) -> Table:
    """Return the most likely tokens of every step, raw and after the sampler."""
    known = (run.raw_top_ids >= 0) | (run.final_top_ids >= 0)
    sampler, seed, step, place = np.nonzero(known)
    raw, final = run.raw_top_ids[known], run.final_top_ids[known]
    return {
        "sampler": [run.labels[each] for each in sampler],
        "seed": [run.request.seeds[each] for each in seed],
        "step": step,
        "place": place + 1,
        "raw_id": raw,
        "raw_text": [run.vocabulary.get(str(each), "") for each in raw],
        "raw_logprob_nats": run.raw_top_logprobs[known],
        "final_id": final,
        "final_text": [run.vocabulary.get(str(each), "") for each in final],
        "final_probability": run.final_top_probs[known],
    }


def _compared(run: TrajectoryRun, done: np.ndarray) -> Table:
    """Return what every sampler would have kept at every step of every trajectory."""
    places = np.broadcast_to(done, (len(run.labels), *done.shape))
    judge, sampler, seed, step = np.nonzero(places)
    table: Table = {
        "judging_sampler": [run.labels[each] for each in judge],
        "sampler": [run.labels[each] for each in sampler],
        "seed": [run.request.seeds[each] for each in seed],
        "step": step,
    }
    for name, column in (
        ("compare_count", "kept_count"),
        ("compare_mass", "kept_mass"),
        ("compare_entropy", "entropy_nats"),
    ):
        values = getattr(run, name)
        if values is not None:
            table[column] = values[places]
    return table


def _divergence(run: DivergenceRun) -> dict[str, Table]:
    tokens = _tokens(run) | {
        "kl_ab_nats": run.kl_ab,
        "kl_ba_nats": run.kl_ba,
        "js_nats": run.js,
    }
    return {"tokens": tokens}


def _dataset(run: DatasetRun) -> dict[str, Table]:
    rows: Table = {
        "row": np.arange(len(run)),
        "text": run.request.texts,
        "tokens": run.tokens,
        "mean_entropy_nats": run.mean_entropy,
        "max_entropy_nats": run.max_entropy,
        "perplexity": run.perplexity,
        "bits_per_byte": run.bits_per_byte,
        "problem": [run.problems.get(str(row), "") for row in range(len(run))],
    }
    return {"texts": rows}


_TABLES: dict[type[Run], Callable[[Any], dict[str, Table]]] = {
    TextRun: _text,
    AttentionRun: _attention,
    TrajectoryRun: _trajectories,
    DatasetRun: _dataset,
    DivergenceRun: _divergence,
}
