"""The heads of a model as a grid, what each of them does, and which kinds there are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...derived import number, quantity_of
from ...derived.attention_numbers import share_of
from ...derived.heads import (
    HEAD_KINDS,
    Scale,
    entropy_ceiling,
    entropy_floor,
    flag_heads,
    kind_scores,
    mean_over,
    repeats,
    without_first,
)
from ...runs.attention import AttentionRun
from ...runs.base import Run
from ..parcel import pack
from .base import NONE, Area, Panel, Parameters, described
from .parameters import one_of, queries_of, switch
from .ranges import ends

if TYPE_CHECKING:
    from ...charts.base import Spec

SCALES: dict[Scale, str] = {
    "observed": "highest head",
    "tokens": "ln of all tokens",
    "visible": "mean ln of visible tokens",
}
"""What may count as 1 for the flags."""

UPPER, LOWER = 0.75, 0.05
MEASURES = (
    "entropy", "share", "first_mass", "self_mass", "previous_mass", "induction_mass", "distance",
    "score_spread",
)  # fmt: skip
"""Of every head and query; ``outside_mass`` comes with them where the model has such a sink."""


@dataclass(frozen=True, kw_only=True)
class HeadGrid(Panel):
    """Layers × heads, coloured by the mean of a measure over the chosen queries.

    Attributes:
        words: of its controls, by name.
    """

    module: ClassVar[str] = "heads"
    area: Area = "side"
    words: Mapping[str, str] = field(default_factory=dict)

    def numbers(self) -> tuple[str, ...]:
        return (*MEASURES, "outside_mass", "spectral_norm")

    def asks(self) -> tuple[str, ...]:
        return ("start", "stop", "first", "spread")

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {
            "follows": ["positions", "first"],
            "measures": list(self.numbers()),
            "upper": UPPER,
            "lower": LOWER,
            "upper_range": [0.5, 1, 0.05],
            "lower_range": [0, 0.45, 0.01],
            "scales": [{"value": value, "label": label} for value, label in SCALES.items()],
            "words": dict(self.words),
        }

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        of: Any = run
        queries, hide = queries_of(of, parameters), hidden_first(parameters)
        means = head_means(of, queries, hide=hide)
        flags = {scale: flag_heads(of, positions=_places(queries), scale=scale) for scale in SCALES}
        highest = mean_over(of.max_entropy, _places(queries)) > 0
        plain = np.where(highest[:, None], mean_over(of.entropy[..., queries]), np.nan)
        lowest = _lowest(of, queries)
        scores = np.stack([kind_scores(of, kind) for kind in HEAD_KINDS])
        layers, heads, tokens = of.entropy.shape
        header = {
            "layers": layers,
            "heads": heads,
            "tokens": tokens,
            "start": queries.start,
            "stop": queries.stop,
            "first": "hide" if hide else "show",
            "numbers": [described(run, name) for name in means],
            "reasons": of.reasons,
            "flags": {"number": "flag_entropy", "scale": flags["observed"].scale},
            "scales": {scale: each.scale for scale, each in flags.items()},
            "kinds": list(HEAD_KINDS),
            "typical": dict(zip(HEAD_KINDS, map(_clearest, scores), strict=True)),
            "mean_entropy": _or_none(mean_over(of.entropy[..., queries].ravel())),
            "mean_share": _or_none(mean_over(number(run, "share").values[..., queries].ravel())),
        }
        arrays = {**means, "flag_entropy": plain, "kind_scores": scores, **lowest}
        whole = ("lowest_token",)
        return pack(
            header,
            {
                name: each.astype(np.int32 if name in whole else np.float32)
                for name, each in arrays.items()
            },
        )

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec:
        from ...charts.map import map_chart
        from .places import places

        of: Any = run
        hide = hidden_first(parameters)
        queries = queries_of(of, parameters)
        values = head_means(of, queries, hide=hide)["entropy"]
        quantity = quantity_of(run, "rest_entropy" if hide else "head_entropy")
        fixed = parameters.get("spread") is not None and not switch(parameters, "spread")
        low, high = ends(quantity, values, spread=not fixed)
        rows, columns = (
            places(run, axis, size) for axis, size in zip("LH", values.shape, strict=True)
        )
        return map_chart(values, quantity, rows, columns, unit, low=min(low, 0), high=high)


def hidden_first(parameters: Parameters) -> bool:
    """Return whether the first token is left out of every distribution.

    Raises:
        InputError: ``first`` is neither "show" nor "hide".
    """
    return one_of(parameters, "first", ("show", "hide")) == "hide"


def head_rows(run: AttentionRun, at: Any, *, hide: bool) -> dict[str, np.ndarray]:
    """Return all measures of heads and queries, [L, H, T] or their part ``at``; nats.

    Args:
        run: the run.
        at: index of [L, H, T].
        hide: whether entropy and share leave the first token out.
    """
    if hide:
        entropy, highest = without_first(run, at)
    else:
        entropy, highest = run.entropy[at], entropy_ceiling(run, at)
    found = {"entropy": entropy, "share": share_of(entropy, highest)}
    found |= {name: getattr(run, name)[at] for name in MEASURES[2:]}
    return found if run.outside_mass is None else {**found, "outside_mass": run.outside_mass[at]}


def head_means(run: AttentionRun, queries: slice, *, hide: bool) -> dict[str, np.ndarray]:
    """Return the mean of every measure over the chosen queries, [L, H]; nats.

    What followed last time is a mean over the queries whose token occurred before.
    """
    rows = head_rows(run, (..., queries), hide=hide)
    rows["induction_mass"] = np.where(repeats(run)[queries], rows["induction_mass"], np.nan)
    means = {name: mean_over(each) for name, each in rows.items()}
    return {**means, "spectral_norm": run.spectral_norm}


def _lowest(run: AttentionRun, queries: slice) -> dict[str, np.ndarray]:
    """Return the lowest entropy of every head, its query, and what that row's scores allow.

    A query that sees a single token has entropy 0 whatever the head does, and does not count.
    """
    free = run.max_entropy[:, None, queries] > 0
    entropy = np.where(free, run.entropy[..., queries], np.nan)
    known = np.isfinite(entropy).any(-1)
    place = np.nan_to_num(entropy, nan=np.inf).argmin(-1)
    layer, head = np.indices(known.shape)
    at = (layer, head, queries.start + place)
    return {
        "lowest_token": np.where(known, queries.start + place, -1),
        "lowest_entropy": np.where(known, run.entropy[at], np.nan),
        "lowest_floor": np.where(known, entropy_floor(run)[at], np.nan),
    }


def _clearest(scores: np.ndarray) -> list[int] | None:
    if np.isnan(scores).all():
        return None
    return [int(each) for each in np.unravel_index(np.nanargmax(scores), scores.shape)]


def _places(queries: slice) -> np.ndarray:
    return np.arange(queries.start, queries.stop)


def _or_none(value: Any) -> float | None:
    return float(value) if math.isfinite(float(value)) else None


@dataclass(frozen=True)
class HeadKind:
    """A kind of head that one meets often.

    Attributes:
        kind: of ``derived.heads.HEAD_KINDS``.
        title: for people.
        text: what it does, and what is to be seen of it in the example "attention_repeated"; a
            test holds every sentence to that run.
        role: what it is said to be for, with the source.
        number: what shows it: the measure to colour the text by.
        share_of: what its score is a share of.
    """

    kind: str
    title: str
    text: str
    number: str
    role: str = ""
    share_of: str = "of its weight, on average"


@dataclass(frozen=True, kw_only=True)
class HeadKinds(Panel):
    """Kinds of heads, each with the clearest example in this run."""

    module: ClassVar[str] = "kinds"
    area: Area = "timeline"
    kinds: tuple[HeadKind, ...] = ()

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {"part": "heads", "kinds": [vars(each) for each in self.kinds]}
