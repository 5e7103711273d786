"""Ladder: networks of rising size on a source whose entropy is known, and the fit through them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked
from .model import NO_MODEL, ModelSpec

SOURCE = "Henighan et al. 2020, arXiv 2010.14701; the source with a known floor is ours."

LOSS = Quantity(
    "Loss", "L", low=0.9, high=math.log(16), digits=3, missing="diverged",
    help="Expected over all items, without test noise.",
    formula=r"-\sum_x p(x)\sum_c q(c\mid x)\ln\hat q(c\mid x)", source=SOURCE,
)  # fmt: skip
BEST = replace(LOSS, name="Best loss", help="Of the seeds of a size, at the last record.")
SIZE = Quantity(
    "Size", "N", "parameters", low=10, high=1e5, scale="log", digits=0,
    help="Parameters of a network, biases included.", formula=r"N", source=SOURCE,
)  # fmt: skip

SIZES = Axis("V", "size", None, lambda run, i: f"{float(run.sizes[i]):,.0f}")
RECORDS = Axis("I", "record", None, lambda run, i: f"step {run.step[i]}")
SEEDS = Axis("W", "seed")


@dataclass(frozen=True, kw_only=True)
class LadderRequest(Request):
    """Ask for a ladder of networks to be trained, and for the fit through their losses.

    Attributes:
        zipf, items: the source: so many items, their frequency falling with this power.
        learning_rate: of Adam, warmed up and brought down.
        seeds: how many networks of every size; the best of them counts.
    """

    kind: ClassVar[str] = "ladder"
    reads_model: ClassVar[bool] = False
    model: ModelSpec = NO_MODEL
    zipf: float = asked(
        1.2, label="Zipf power", help="How steeply items fall off in frequency.", low=0.5, high=2.0
    )
    items: int = asked(2048, label="Items", help="How many there are.", low=256, high=4096)
    learning_rate: float = asked(
        0.01, label="Learning rate", help="Of Adam, warmed up and brought down.", low=1e-3, high=0.1
    )
    seeds: int = asked(
        2, label="Seeds", help="So many networks of every size; the best counts.", low=1, high=12
    )


@RUN_KINDS.register("ladder")
@dataclass(frozen=True, kw_only=True, eq=False)
class LadderRun(Run):
    """Losses of V sizes with W seeds over I records, and the law L∞ + (N₀ / N)^α through the best.

    Attributes:
        step: int32 [I].
        sizes: float32 [V].
        loss: float32 [I, V, W], nats.
        best: float32 [V], of the last record.
        true_floor: nats; the entropy of a label, which no network goes below.
        floor, scale, exponent, error: of the fit; error is its relative root mean square.
    """

    kind: ClassVar[str] = "ladder"
    request: LadderRequest
    step: np.ndarray = array("int32", RECORDS)
    sizes: np.ndarray = array("float32", SIZES, quantity=SIZE)
    loss: np.ndarray = array("float32", RECORDS, SIZES, SEEDS, nan="anywhere", quantity=LOSS)
    best: np.ndarray = array("float32", SIZES, nan="anywhere", quantity=BEST)
    true_floor: float
    floor: float
    scale: float
    exponent: float
    error: float

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "W": self.request.seeds}

    def check(self) -> None:
        super().check()
        if not (self.sizes > 0).all():
            raise ValueError("sizes are above 0")
