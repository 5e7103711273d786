"""What the chart of one step is drawn from: the bars, what each sampler keeps, and the cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from backend.runs.trajectories import TrajectoryRun

from ..charts.candidates import percent
from ..plain import token_label
from .rows import Row
from .thresholds import thresholds

NO_BREAK_SPACE = "\u00a0"
BRACKET = 0.06  # width of a sampler's column, as a share of the longest bar
DRAWN, LISTED, REST = "drawn", "listed", "all others"


@dataclass(frozen=True)
class Place:
    """A step of a trajectory."""

    row: Row
    step: int

    @property
    def index(self) -> tuple[int, int, int]:
        return self.row.sampler, self.row.seed, self.step


def step_data(run: TrajectoryRun, place: Place) -> dict[str, pd.DataFrame]:
    """Return the frames of the chart: ``bars``, ``brackets``, ``more`` and ``thresholds``."""
    bars = _bars(run, place)
    brackets, more = _brackets(run, place, bars)
    return {
        "bars": bars,
        "brackets": brackets,
        "more": more,
        "thresholds": thresholds(run, place.index, _own_kept(run, place)),
    }


def _bars(run: TrajectoryRun, place: Place) -> pd.DataFrame:
    ids = run.raw_top_ids[place.index].tolist()
    raw = 100 * np.exp(run.raw_top_logprobs[place.index].astype(np.float64))
    final = _final_of(run, place)
    drawn = int(run.token_ids[place.index])
    rows = [
        {"rank": rank, "id": each, "raw": share, "kind": DRAWN if each == drawn else LISTED}
        for rank, (each, share) in enumerate(zip(ids, raw.tolist(), strict=True), start=1)
    ]
    if drawn not in ids:
        share = 100 * float(np.exp(-run.surprisal[place.index]))
        rows.append({"rank": int(run.rank[place.index]), "id": drawn, "raw": share, "kind": DRAWN})
    for each in rows:
        each["text"] = token_label(run.token(each["id"]), 16)
        each["final"] = 100 * final.get(each["id"], 0.0)
    rest = max(0.0, 100 - sum(each["raw"] for each in rows))
    others = run.model.vocab_size - len(rows)
    rows.append({"rank": None, "id": -1, "raw": rest, "kind": REST, "text": "", "final": None})
    frame = pd.DataFrame(rows)
    labels = [f"{each['rank']:,} {each['text']}" for each in rows[:-1]] + [f"{others:,} others"]
    width = max(map(len, labels))
    frame["label"] = [each.ljust(width, NO_BREAK_SPACE) for each in labels]
    frame["shown"] = [percent(each) for each in frame["raw"]]
    return frame


def _final_of(run: TrajectoryRun, place: Place) -> dict[int, float]:
    """Return the final probability by id, as far as it is stored."""
    found = dict(
        zip(
            run.final_top_ids[place.index].tolist(),
            run.final_top_probs[place.index].astype(np.float64).tolist(),
            strict=True,
        )
    )
    if run.compare_probs is not None:
        own = run.compare_probs[(place.row.sampler, *place.index)].astype(np.float64)
        found |= dict(zip(run.raw_top_ids[place.index].tolist(), own.tolist(), strict=True))
    found[int(run.token_ids[place.index])] = float(run.drawn_probability[place.index])
    return {each: share for each, share in found.items() if np.isfinite(share)}


def kept_of_listed(run: TrajectoryRun, place: Place) -> tuple[dict[int, np.ndarray], bool]:
    """Return which of the stored likeliest tokens each sampler keeps here.

    Returns:
        bool [K] by sampler, and whether that covers all samplers: a run made without the
        comparison knows it of its own row only.
    """
    if run.compare_probs is not None:
        shares = run.compare_probs[(slice(None), *place.index)]
        known = np.isfinite(shares).all(1)
        return {each: shares[each] > 0 for each in np.flatnonzero(known).tolist()}, True
    return {place.row.sampler: _own_kept(run, place)}, False


def _own_kept(run: TrajectoryRun, place: Place) -> np.ndarray:
    """Return which of the stored likeliest tokens the row's own sampler kept, bool [K]."""
    final = _final_of(run, place)
    return np.array([final.get(each, 0) > 0 for each in run.raw_top_ids[place.index].tolist()])


def _count_at(run: TrajectoryRun, place: Place, sampler: int) -> int:
    if run.compare_count is not None:
        return int(run.compare_count[(sampler, *place.index)])
    return int(run.kept_count[place.index])


def longest_bar(bars: pd.DataFrame) -> float:
    """Return the largest share drawn, in percent."""
    both = bars[["raw", "final"]].to_numpy(dtype=np.float64)
    return float(np.nanmax(both))


def _brackets(
    run: TrajectoryRun, place: Place, bars: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    kept, _ = kept_of_listed(run, place)
    longest = longest_bar(bars)
    cells, more = [], []
    for column, (sampler, mask) in enumerate(kept.items()):
        left = longest * (1.06 + BRACKET * column)
        where = {"left": left, "right": left + longest * BRACKET * 0.62}
        who = {"sampler": run.labels[sampler], **where}
        labels = bars["label"].iloc[: len(mask)][mask]
        cells += [{**who, "label": each} for each in labels]
        beyond = _count_at(run, place, sampler) - int(mask.sum())
        if beyond > 0:
            middle = (where["left"] + where["right"]) / 2
            more.append(
                {**who, "label": bars["label"].iloc[-1], "left": middle, "beyond": f"{beyond:,}"}
            )
    names = ["sampler", "label", "left", "right"]
    return pd.DataFrame(cells, columns=names), pd.DataFrame(more, columns=[*names, "beyond"])
