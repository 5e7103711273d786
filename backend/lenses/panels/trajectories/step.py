"""One step of one row: what the model offered, what every sampler made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ....derived import number
from ....derived.trajectory_steps import cuts, final_probabilities, judged, own_numbers
from ....runs.base import Run
from ....runs.trajectories import TrajectoryRun
from ...parcel import pack
from ..base import NONE, Panel, Parameters, described, plain_quantity
from ..parameters import check_names, whole
from .presets import SHAPES, TOKENS
from .rows import NUMBERS

if TYPE_CHECKING:
    from ....charts.base import Spec

LISTED = 20
"""Tokens of a step that are listed one by one."""

BLOCK = 32
"""Steps that are sent together, so that the next pins wait for nothing."""


@dataclass(frozen=True, kw_only=True)
class OneStep(Panel):
    """The distribution of the pinned step, before and after every sampler."""

    module: ClassVar[str] = "step"
    title: str = "One distribution"
    read: str = (
        "Bars: the model itself. Ticks: after this row's sampler. Numbered columns: what each "
        "sampler keeps of this same distribution."
    )

    def numbers(self) -> tuple[str, ...]:
        return NUMBERS

    def asks(self) -> tuple[str, ...]:
        return "row", "from", "step"

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {
            "block": BLOCK,
            "tokens": list(TOKENS),
            "shapes": {each: list(SHAPES[each]) for each in SHAPES},
        }

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        """Return a block of steps of one row, with ``row`` = sampler × seeds + seed.

        Arrays: ``tokens`` uint32 [n, K + 1] into ``vocabulary``, the last one the drawn token
        where it is not among the K likeliest (else ``listed`` is 1 and it is empty); ``raw`` and
        ``final`` float32 [n, K + 1], the model's and the own sampler's probability (NaN: not
        stored); ``probs`` float32 [n, M, K], what every sampler gives to the likeliest ones (NaN:
        not known); ``count`` int32, ``mass`` and ``after`` float32 [n, M], of what it keeps.
        """
        run, sampler, seed = _row(run, parameters, self.asks())
        length = int(run.lengths[sampler, seed])
        start = whole(parameters, "from", 0, run.request.steps, 0) // BLOCK * BLOCK
        stop = max(start, min(length, start + BLOCK))
        steps = [_step(run, (sampler, seed, step)) for step in range(start, stop)]
        ids, arrays = _joined(run, steps)
        arrays |= {
            name: number(run, name).values[sampler, seed, start:stop].astype(np.float32)
            for name in NUMBERS
        }
        own = own_numbers(run, sampler, seed)
        arrays |= {f"own:{name}": values[start:stop].astype(np.float32) for name, _, values in own}
        header = {
            "from": start,
            "listed_of": arrays["tokens"].shape[1] - 1,
            "samplers": len(run.labels),
            "compared": run.compare_count is not None,
            "vocabulary": [run.vocabulary.get(str(each), "") for each in ids],
            "ids": ids,
            "size": run.model.vocab_size,
            "cuts": [each["cuts"] for each in steps],
            "numbers": [described(run, name) for name in NUMBERS],
            "own": [{"name": name, **plain_quantity(quantity)} for name, quantity, _ in own],
        }
        return pack(header, arrays)

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec | None:
        """Return the bars of the ``step`` of a ``row``; None where nothing was decoded."""
        from ....charts.candidates import Candidate, candidates_chart

        run, sampler, seed = _row(run, parameters, self.asks())
        length = int(run.lengths[sampler, seed])
        if not length:
            return None
        index = (sampler, seed, whole(parameters, "step", 0, length - 1, 0))
        found = _step(run, index)
        ranks = [*range(1, len(found["ids"])), int(run.rank[index])]
        rows = [
            Candidate(
                run.token(token), raw, rank, came=place == found["came"],
                after=None if np.isnan(final) else final,
            )
            for place, (token, raw, final, rank) in enumerate(
                zip(found["ids"], found["raw"], found["final"], ranks, strict=True)
            )
            if token >= 0
        ]  # fmt: skip
        rest = max(0.0, 1 - sum(each.share for each in rows))
        others = f"{run.model.vocab_size - len(rows):,} others"
        return candidates_chart([*rows, Candidate(others, rest)], unit)


def _row(
    run: Run, parameters: Parameters, known: tuple[str, ...]
) -> tuple[TrajectoryRun, int, int]:
    """Return the run, and sampler and seed of the row that is asked for."""
    assert isinstance(run, TrajectoryRun)  # noqa: S101
    check_names(parameters, known)
    seeds = len(run.request.seeds)
    row = whole(parameters, "row", 0, len(run.labels) * seeds - 1, 0)
    return run, *divmod(row, seeds)


def _step(run: TrajectoryRun, index: tuple[int, int, int]) -> dict[str, Any]:
    ids = run.raw_top_ids[index][:LISTED]
    drawn, final = int(run.token_ids[index]), final_probabilities(run, index)
    listed = drawn in ids
    shown = [*ids.tolist(), -1 if listed else drawn]
    raw = [*np.exp(run.raw_top_logprobs[index][:LISTED].astype(np.float64)).tolist(), np.nan]
    if not listed:
        raw[-1] = float(np.exp(-run.surprisal[index]))
    rows = len(run.labels)
    probs = np.full((rows, len(ids)), np.nan)
    count, mass, after = np.zeros(rows, np.int32), np.full(rows, np.nan), np.full(rows, np.nan)
    for each, shares in judged(run, index).items():
        probs[each] = shares[:LISTED]
        count[each], mass[each], after[each] = _kept(run, each, index)
    return {
        "ids": shown,
        "came": ids.tolist().index(drawn) if listed else len(ids),
        "raw": raw,
        "final": [final.get(each, np.nan) for each in shown],
        "probs": probs,
        "count": count,
        "mass": mass,
        "after": after,
        "cuts": [[name, share] for name, share in cuts(run, index)],
    }


def _kept(
    run: TrajectoryRun, sampler: int, index: tuple[int, int, int]
) -> tuple[int, float, float]:
    """Return how many tokens a sampler keeps of a step, their raw mass, and the entropy after."""
    if run.compare_count is None or run.compare_mass is None or run.compare_entropy is None:
        return (
            int(run.kept_count[index]),
            float(run.kept_mass[index]),
            float(run.final_entropy[index]),
        )
    at = (sampler, *index)
    return (
        int(run.compare_count[at]),
        float(run.compare_mass[at]),
        float(run.compare_entropy[at]),
    )


def _joined(
    run: TrajectoryRun, steps: list[dict[str, Any]]
) -> tuple[list[int], dict[str, np.ndarray]]:
    """Return the ids in use, and arrays over all steps."""
    listed = min(LISTED, run.raw_top_ids.shape[-1])
    rows = len(run.labels)
    shown = np.array([each["ids"] for each in steps], np.int64).reshape(-1, listed + 1)
    used = np.unique(shown[shown >= 0])
    places = np.where(shown >= 0, np.searchsorted(used, shown), 0)

    def floats(name: str, *shape: int) -> np.ndarray:
        return np.array([each[name] for each in steps], np.float32).reshape(-1, *shape)

    arrays = {
        "tokens": places.astype(np.uint32),
        "came": np.array([each["came"] for each in steps], np.int32),
        "raw": floats("raw", listed + 1),
        "final": floats("final", listed + 1),
        "probs": floats("probs", rows, listed),
        "count": np.array([each["count"] for each in steps], np.int32).reshape(-1, rows),
        "mass": floats("mass", rows),
        "after": floats("after", rows),
    }
    return used.tolist(), arrays
