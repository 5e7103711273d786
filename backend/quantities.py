"""Every number once: its name, unit and range, what it means and where it is from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .errors import InputError

Scale = Literal["linear", "log", "rank", "diverging"]
Unit = Literal["nats", "bits"]

UNITS: tuple[Unit, Unit] = ("nats", "bits")
BITS_PER_NAT = 1 / math.log(2)
RANK_BOUNDS = (10, 100, 1000)
"""A rank has four classes: up to 10, to 100, to 1,000 and above."""

# How CSV columns and JSON names say a unit. Other units are part of what a number is called.
_SUFFIX = {"nats": "_nats", "nats²": "_nats2"}


@dataclass(frozen=True)
class Quantity:
    """What a number is; frozen, and declared on the array field of a Run or on a derived number.

    Attributes:
        name: for people, such as "Entropy".
        symbol: as formulas write it, such as "H".
        unit: as stored. Nats and nats² are shown as bits and bits² on demand; "%" runs from 0
            to 1 as stored and from 0 to 100 on screen; other units are words ("tokens").
        low, high: fixed ends of colours and axes as stored, so that two runs can be compared.
        scale: "linear"; "log"; "rank", four classes; "diverging", centred at 0.
        help: one sentence.
        formula: in LaTeX.
        source: of the definition.
        plain: what it asks, in everyday words, such as "how unsure".
        missing: what it means that there is no number.
        digits: after the point on screen.
        joins: how the numbers of several tokens make that of a word or sentence; one that is
            joined by "max" says something of these only.
        pieces: upper ends for a word and for a sentence; None where these have no such number.
        pieces_help, pieces_formula: of a word or sentence, where they differ; "{level}" stands
            for which of the two.
        window_of: the number that this is the mean of over a window whose width the reader
            chooses; empty for none.
    """

    name: str
    symbol: str = ""
    unit: str = "nats"
    low: float = 0.0
    high: float = 1.0
    scale: Scale = "linear"
    help: str = ""
    formula: str = ""
    source: str = ""
    plain: str = ""
    missing: str = "no prediction"
    digits: int = 2
    joins: Literal["mean", "sum", "max"] = "mean"
    pieces: tuple[float, float] | None = None
    pieces_help: str = ""
    pieces_formula: str = ""
    window_of: str = ""

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"{self.name} runs from {self.low} to {self.high}")

    @property
    def power(self) -> int:
        """1 for information, 2 for its square, 0 for what has no such unit."""
        return {"nats": 1, "nats²": 2}.get(self.unit, 0)

    def factor(self, unit: str) -> float:
        """Return what turns a stored number into one for the screen.

        Raises:
            InputError: ``unit`` is neither "nats" nor "bits".
        """
        if unit not in UNITS:
            raise InputError(f"The unit is 'nats' or 'bits', not {unit!r}.")
        if self.unit == "%":
            return 100.0
        return BITS_PER_NAT**self.power if unit == "bits" else 1.0

    def shown(self, values: np.ndarray, unit: str) -> np.ndarray:
        """Return ``values`` as the screen has them, float64."""
        return np.asarray(values, np.float64) * self.factor(unit)

    def unit_in(self, unit: str) -> str:
        """Return the name of the unit on screen: "nats", "bits²", "%", "tokens" or ""."""
        return self.unit.replace("nats", unit) if self.power else self.unit

    def range_in(self, unit: str) -> tuple[float, float]:
        """Return the ends of colours and axes as the screen has them."""
        return self.low * self.factor(unit), self.high * self.factor(unit)

    def column(self, name: str) -> str:
        """Return the name of a column that holds this number as stored: "entropy_nats"."""
        return name + _SUFFIX.get(self.unit, "")

    def label_in(self, unit: str) -> str:
        """Return the name with its unit in brackets, for axes."""
        shown = self.unit_in(unit)
        return f"{self.name} ({shown})" if shown else self.name
