"""Figures of a volume, with what it depends on."""

from __future__ import annotations

from dataclasses import replace

from ..quantities import Quantity
from ..runs.volume import SOURCE, VOLUME, VolumeRun
from .base import derived

OWN = replace(VOLUME, name="Semantic volume", help="In d directions, with the ε asked for.")
COUNT = Quantity(
    "n", "n", "texts", low=0, high=32, digits=0, help="How many texts are embedded.",
    formula="n", source=SOURCE,
)  # fmt: skip
DIRECTIONS = replace(
    COUNT, name="d", symbol="d", unit="directions", help="How many are kept.", formula="d"
)
EPSILON = replace(
    COUNT, name="ε", symbol="ε", unit="", low=1e-12, high=0.1, scale="log", digits=10,
    help="Added to every direction.", formula=r"\varepsilon",
)  # fmt: skip


@derived("volume", "own", quantity=OWN)
def own(run: VolumeRun) -> float:
    """Return the volume of d × d at the ε asked for."""
    return float(run.volume[0])


@derived("volume", "count", quantity=COUNT)
def count(run: VolumeRun) -> float:
    """Return n."""
    return float(run.cosine.shape[0])


@derived("volume", "kept", quantity=DIRECTIONS)
def kept(run: VolumeRun) -> float:
    """Return d."""
    return float(run.directions)


@derived("volume", "epsilon", quantity=EPSILON)
def epsilon(run: VolumeRun) -> float:
    """Return ε."""
    return float(run.request.epsilon)
