"""What is shown of an attention run: which entropy, over which queries, in which unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from backend.derived.heads import (
    Flags,
    Index,
    Scale,
    entropy_ceiling,
    flag_heads,
    mean_over,
    without_first,
)
from backend.derived.series import BITS_PER_NAT
from backend.runs import AttentionRun

from ..token_strip import Metric

# Fixed, so that texts can be compared: e⁶ = 403 equally weighted tokens. Longer texts clip.
HIGHEST_NATS = 6.0
LONGEST_DISTANCE = 128.0
_KEPT = 8
T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """The controls of the page.

    Attributes:
        unit: "nats" or "bits".
        share: show H / ln(visible keys) instead of H.
        hide_first: leave the first token, the usual sink, out of every distribution.
        start, stop: the queries that means are taken over.
        automatic: let the colours span the values of this text.
        ordered: sort the heads of a layer by entropy instead of by number.
        scale, upper, lower: of the flags, as in ``flag_heads``.
    """

    unit: str
    share: bool
    hide_first: bool
    start: int
    stop: int
    automatic: bool
    ordered: bool
    scale: Scale
    upper: float
    lower: float

    @property
    def label(self) -> str:
        """Unit of the entropies shown."""
        return "share of maximum" if self.share else self.unit

    def high(self, values: np.ndarray) -> float:
        """Return the upper end of the colours for ``values``."""
        if self.automatic and np.isfinite(values).any():
            return max(float(np.nanmax(values)), 1e-3)
        return 1.0 if self.share else HIGHEST_NATS * self.factor

    @property
    def rest(self) -> str:
        """What the entropies shown leave out, for labels."""
        return " without the first token" if self.hide_first else ""

    @property
    def factor(self) -> float:
        """Of a number in nats, for the unit."""
        return BITS_PER_NAT if self.unit == "bits" else 1.0


def head_name(layer: int, head: int) -> str:
    """Return what a head is called, such as L3.H5."""
    return f"L{layer}.H{head}"


def entropies(run: AttentionRun, options: Options, at: Index = ...) -> np.ndarray:
    """Return the entropy of heads at queries as the options want it, [L, H, T] or its part ``at``.

    Of a long text only what is shown is worked through.
    """
    values, highest = (
        without_first(run, at)
        if options.hide_first
        else (run.entropy[at], entropy_ceiling(run, at))
    )
    if not options.share:
        return values * options.factor
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(highest > 0, values / highest, np.nan)


def _once(make: Callable[[AttentionRun, Options], T]) -> Callable[[AttentionRun, Options], T]:
    """Keep what was made of a run for the last few options, for as long as there is the run."""
    kept: WeakKeyDictionary[AttentionRun, dict[Options, T]] = WeakKeyDictionary()

    @wraps(make)
    def find(run: AttentionRun, options: Options) -> T:
        known = kept.get(run, {})
        if options not in known:
            made = make(run, options)
            # A new dict: another session may be reading the old one.
            known = kept[run] = dict([*list(known.items())[1 - _KEPT :], (options, made)])
        return known[options]

    return find


@_once
def means(run: AttentionRun, options: Options) -> np.ndarray:
    """Return the mean over the chosen queries, [L, H]; not to be changed."""
    return mean_over(entropies(run, options, (..., slice(options.start, options.stop))))


@_once
def flags(run: AttentionRun, options: Options) -> Flags:
    """Return which heads are flagged, from the plain entropy over the chosen queries."""
    chosen = np.arange(options.start, options.stop)
    return flag_heads(
        run, positions=chosen, scale=options.scale, upper=options.upper, lower=options.lower
    )


def head_metrics(run: AttentionRun, layer: int, head: int, options: Options) -> list[Metric]:
    """Return what the strip can be coloured by, for one head."""
    at = (layer, head)
    name = head_name(layer, head)
    entropy = entropies(run, options, at)
    percent = {
        "first": ("On the first token", run.first_mass, "Weight on the first token, the sink."),
        "self": ("On itself", run.self_mass, "Weight on the token itself."),
        "previous": ("On the token before", run.previous_mass, "Weight on the token before."),
        "induction": (
            "On what followed last time",
            run.induction_mass,
            "Weight on the token after the last earlier occurrence of this one.",
        ),
    }
    words: dict[str, Any] = {
        "subject": f"where {name} looked from it",
        "missing": "nothing to measure",
    }
    return [
        Metric(
            "entropy", f"Entropy of {name}{options.rest}", entropy, options.label,
            0, options.high(entropy),
            **words,
            help=f"How widely {name} looked from this token over the tokens it sees{options.rest}.",
        ),
        *(
            Metric(key, label, 100 * values[at], "%", 0, 100, help=text, **words)
            for key, (label, values, text) in percent.items()
        ),
        Metric(
            "distance", "Distance looked back", run.distance[at], "tokens", 0, LONGEST_DISTANCE,
            help="Mean distance to the tokens it looked at.", **words,
        ),
    ]  # fmt: skip


def written(value: float, decimals: int = 2, unit: str = "") -> str:
    """Return a number for people; "–" for none."""
    return "–" if math.isnan(value) else f"{value:,.{decimals}f}{unit and ' ' + unit}"
