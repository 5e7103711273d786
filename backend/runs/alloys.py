"""Alloys: several elements in one metal, by rules of mixtures, each constant with its source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked
from .model import NO_MODEL, ModelSpec

TABLE = "the tables of matminer, commit 8ddb18c"
MOST_ALLOYS = 40

ENTROPY = Quantity(
    "Entropy of mixing", "ΔS/R", "nats", low=0, high=2, digits=3,
    help="Of the fractions of the elements: the same entropy as everywhere here; times R = 8.314 "
    "it is in J / (mol K).",
    formula=r"-\sum_i c_i\ln c_i", source="Yeh et al. 2004.",
)  # fmt: skip
MOST = Quantity(
    "Equal parts would have", "ln n", "nats", low=0, high=2, digits=3,
    help="The most that so many elements can have.", formula=r"\ln n", source="Yeh et al. 2004.",
)  # fmt: skip
ENTHALPY = Quantity(
    "Enthalpy of mixing", "ΔH", "kJ/mol", low=-40, high=10, digits=2,
    help="Of all pairs: far below 0 they bind into compounds, above 0 they part.",
    formula=r"\sum_{i<j}4H_{ij}c_ic_j", source=f"Zhang et al. 2008; {TABLE}.",
)  # fmt: skip
MISMATCH = Quantity(
    "Mismatch of sizes", "δ", "%", low=0, high=0.1, digits=2,
    help="How unlike the atoms are in size; up to 6.6 % speaks for a solid solution.",
    formula=r"\sqrt{\sum_i c_i(1-r_i/\bar r)^2}", source=f"Zhang et al. 2008; {TABLE}.",
)  # fmt: skip
OMEGA = Quantity(
    "Entropy against enthalpy", "Ω", "", low=0.1, high=100, scale="log", digits=2,
    missing="there is no enthalpy of mixing",
    help="From 1.1 on entropy outweighs enthalpy at the melting point.",
    formula=r"\bar T_m\Delta S/|\Delta H|", source=f"Yang and Zhang 2012; {TABLE}.",
)  # fmt: skip
ELECTRONS = Quantity(
    "Valence electrons", "VEC", "", low=3, high=12, digits=2,
    help="Their mean: from 8 on a rule of thumb says fcc, under 6.87 bcc.",
    formula=r"\sum_i c_i\,\mathrm{VEC}_i", source="Guo et al. 2011, as a rule of thumb.",
)  # fmt: skip
SHARE = Quantity(
    "Fraction", "c", "%", digits=1, help="Of all atoms.", formula="c_i", source="As asked for.",
)  # fmt: skip
PAIR = Quantity(
    "Enthalpy of a pair", "H", "kJ/mol", low=-50, high=50, scale="diverging", digits=0,
    missing="one element",
    help="Of equal parts of two elements; purple pairs attract, orange ones repel each other.",
    formula="H_{ij}", source="Liquid binary alloys by Miedema's model, in " + TABLE + ".",
)  # fmt: skip
RADIUS = Quantity(
    "Radius", "r", "pm", low=100, high=180, digits=0,
    help="Of an atom of the element.", formula="r_i", source=f"In {TABLE}.",
)  # fmt: skip
MELTING = Quantity(
    "Melting point", "T_m", "K", low=0, high=4000, digits=0,
    help="Of the pure element.", formula=r"T_{m,i}", source=f"In {TABLE}.",
)  # fmt: skip
VALENCE = Quantity(
    "Valence electrons of the element", "VEC", "", low=3, high=12, digits=0,
    help="Those outside the closed shells, d electrons included.",
    formula=r"\mathrm{VEC}_i", source="Its column of the periodic table.",
)  # fmt: skip


@dataclass(frozen=True)
class Element:
    """Radius in pm, melting point in K and valence electrons of an element."""

    radius: float
    melting: float
    electrons: float


_NAMES = ["Al", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zr", "Nb", "Mo", "Hf", "Ta", "W"]
_RADII = (141, 142, 134, 130, 132, 125, 125, 126, 126, 158, 143, 139, 158, 145, 135)
_MELTING = (
    933.47, 1941, 2183, 2180, 1519, 1811, 1768, 1728, 1357.77, 2128, 2750, 2896, 2506, 3290, 3695,
)  # fmt: skip
_ELECTRONS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 4, 5, 6, 4, 5, 6)
ELEMENTS = {
    name: Element(*facts) for name, *facts in zip(_NAMES, _RADII, _MELTING, _ELECTRONS, strict=True)
}

_PAIRS = (
    (-30, -16, -10, -19, -11, -19, -22, -1, -44, -18, -5, -39, -19, -2),
    (-2, -7, -8, -17, -28, -35, -9, 0, 2, -4, 0, 1, -6),
    (-2, -1, -7, -14, -18, 5, -4, -1, 0, -2, -1, -1),
    (2, -1, -4, -7, 12, -12, -7, 0, -9, -7, 1),
    (0, -5, -8, 4, -15, -4, 5, -12, -4, 6),
    (-1, -2, 13, -25, -16, -2, -21, -15, 0),
    (0, 6, -41, -25, -5, -35, -24, -1),
    (4, -49, -30, -7, -42, -29, -3),
    (-23, 3, 19, -17, 2, 22),
    (4, -6, 0, 3, -9),
    (-6, 4, 0, -8),
    (-4, -5, 0),
    (3, -6),
    (-7,),
)
"""A row an element, to the later ones."""

KNOWN = {
    "Co Cr Fe Ni": "fcc (Vaidya et al. 2017)",
    "Co Cr Fe Mn Ni": "fcc (Vaidya et al. 2017)",
    "V Nb Mo Ta": "bcc (Wang et al. 2021)",
    "Mo Nb Ta Ti V W": "bcc (Zhang et al.)",
}
"""What was made and looked at; no other alloy is called a solid solution here."""


FCC, BCC = 8.0, 6.87
"""Valence electrons from which a rule of thumb says fcc, and under which bcc."""


def structure(electrons: float) -> str:
    """Return the lattice that the mean of valence electrons speaks for; a rule of thumb."""
    slack = 1e-6  # a mean of 8 may come out a hair below it
    return "fcc" if electrons >= FCC - slack else "bcc" if electrons < BCC - slack else "fcc+bcc"


def pair_enthalpies(names: Sequence[str]) -> list[list[float]]:
    """Return H of every pair in kJ / mol; 0 of an element with itself."""
    return [[_pair(_NAMES.index(a), _NAMES.index(b)) for b in names] for a in names]


def _pair(first: int, second: int) -> float:
    low, high = sorted((first, second))
    return 0.0 if low == high else float(_PAIRS[low][high - low - 1])


ALLOY = Axis("A", "alloy", None, lambda run, i: run.request.alloys[i])
ELEMENT = Axis("E", "element", None, lambda run, i: _NAMES[i])
OTHER = Axis("F", "other element", None, lambda run, i: _NAMES[i])


@dataclass(frozen=True, kw_only=True)
class AlloysRequest(Request):
    """Ask for what alloys are like.

    Attributes:
        alloys: one a row: elements, each with its parts behind it where they are not 1.
    """

    kind: ClassVar[str] = "alloys"
    reads_model: ClassVar[bool] = False
    model: ModelSpec = NO_MODEL
    alloys: tuple[str, ...] = asked(
        label="Alloys", lines=6,
        help="One a row, such as: Al 0.5 Co Cr Fe Ni; of " + ", ".join(_NAMES) + ".",
    )  # fmt: skip

    def fractions(self) -> list[dict[str, float]]:
        """Return the fraction of every element of every alloy.

        Raises:
            InputError: a row is no alloy, or there are none or too many.
        """
        if not 1 <= len(self.alloys) <= MOST_ALLOYS:
            raise InputError(f"There are {len(self.alloys)} alloys; give 1 to {MOST_ALLOYS}.")
        return [_read(each) for each in self.alloys]


_WORD = re.compile(r"\s*([A-Z][a-z]?)\s*(\d*\.?\d+)?")


def _read(row: str) -> dict[str, float]:
    parts: dict[str, float] = {}
    rest = row[:200].strip()
    while rest:
        found = _WORD.match(rest)
        name = found.group(1) if found else ""
        if found is None or name not in ELEMENTS or len(row) > 200:
            raise InputError(
                f"{row[:60]!r} is no alloy: write elements such as Co Cr Fe Ni, parts behind them."
            )
        parts[name] = parts.get(name, 0.0) + float(found.group(2) or 1)
        rest = rest[found.end() :].strip(" ,;-")
    parts = {name: part for name, part in parts.items() if part > 0}
    total = sum(parts.values())
    if not parts or total > 1e6:
        raise InputError(f"{row[:60]!r} is no alloy: one element at least has parts above 0.")
    return {name: part / total for name, part in parts.items()}


@RUN_KINDS.register("alloys")
@dataclass(frozen=True, kw_only=True, eq=False)
class AlloysRun(Run):
    """A alloys in the order of ``request.alloys``.

    Attributes:
        parts: float32 [A, E], fractions of all elements there are.
        entropy, most: float32 [A], nats.
        enthalpy: float32 [A], kJ / mol.
        mismatch: float32 [A], δ as a share.
        omega: float32 [A]; NaN where there is no enthalpy.
        electrons: float32 [A].
        radii, melting, valence: float32 [E], in pm, K and electrons.
        pairs: float32 [E, F], of all elements, E = F; NaN on the diagonal.
    """

    kind: ClassVar[str] = "alloys"
    request: AlloysRequest
    parts: np.ndarray = array("float32", ALLOY, ELEMENT, quantity=SHARE)
    entropy: np.ndarray = array("float32", ALLOY, quantity=ENTROPY)
    most: np.ndarray = array("float32", ALLOY, quantity=MOST)
    enthalpy: np.ndarray = array("float32", ALLOY, quantity=ENTHALPY)
    mismatch: np.ndarray = array("float32", ALLOY, quantity=MISMATCH)
    omega: np.ndarray = array("float32", ALLOY, nan="anywhere", quantity=OMEGA)
    electrons: np.ndarray = array("float32", ALLOY, quantity=ELECTRONS)
    radii: np.ndarray = array("float32", ELEMENT, quantity=RADIUS)
    melting: np.ndarray = array("float32", ELEMENT, quantity=MELTING)
    valence: np.ndarray = array("float32", ELEMENT, quantity=VALENCE)
    pairs: np.ndarray = array("float32", ELEMENT, OTHER, nan="anywhere", quantity=PAIR)

    def axes(self) -> dict[str, int]:
        return {
            **super().axes(), "A": len(self.request.alloys), "E": len(_NAMES), "F": len(_NAMES),
        }  # fmt: skip
