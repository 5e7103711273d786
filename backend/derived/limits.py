"""Numbers of a training that limits make of others, so that one may move the limits afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Limit:
    """A limit that one may move.

    Attributes:
        name: in the expression.
        label, help: for people; one sentence.
        low, high, step: of the slider.
        value: where it stood when the run was made.
    """

    name: str
    label: str
    help: str
    low: float
    high: float
    step: float
    value: float


@dataclass(frozen=True)
class Judged:
    """How a number follows from others.

    Attributes:
        of: names of results with the same places.
        limits: that it depends on.
        expression: of ``datum.<name>`` and the limits, in Vega's language; null where not known.
        names: what the values 1, 2, ... are called.
    """

    of: tuple[str, ...]
    limits: tuple[Limit, ...]
    expression: str
    names: tuple[str, ...]


# The same as ``measures.phases.phase`` with its limits at first; a test holds them together.
_PHASES = Judged(
    of=("map_loss", "connectivity", "similarity"),
    limits=(
        Limit("loss_limit", "High loss from", "Above: underfitted, I or II.", 0.01, 1, 0.01, 0.1),
        Limit(
            "connectivity_limit", "Barrier from",
            "A mode connectivity below minus this is a barrier: undersized, I or III.",
            0, 0.5, 0.01, 0.05,
        ),
        Limit(
            "similarity_limit", "Alike from", "Similarity from which on IV-A becomes IV-B.",
            0.5, 1, 0.01, 0.85,
        ),
    ),
    expression="isValid(datum.map_loss) && isValid(datum.connectivity) ? "
    "datum.map_loss > loss_limit ? (datum.connectivity < -connectivity_limit ? 1 : 2) : "
    "datum.connectivity < -connectivity_limit ? 3 : datum.similarity >= similarity_limit ? 5 : 4 "
    ": null",
    names=("I", "II", "III", "IV-A", "IV-B"),
)  # fmt: skip

JUDGED: Mapping[tuple[str, str], Judged] = MappingProxyType({("phases", "phase"): _PHASES})
"""By experiment and number."""
