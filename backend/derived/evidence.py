"""What sources believe together, as asked for: single numbers, and those of every rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..runs.evidence import (
    BELIEF,
    CONFLICT,
    DENG,
    MASS,
    OPEN,
    PIGNISTIC,
    PLAUSIBILITY,
    UNSURE,
    EvidenceRun,
)
from .base import derived

ASKED = 0
"""The place of the trust that was asked for."""

IGNORANCE = replace(
    MASS, name="Not known", symbol="m(Ω)", help="The mass of all options together.",
    formula=r"m(\Omega)",
)  # fmt: skip
ALL_CONFLICT = replace(
    CONFLICT, name="Conflict in all", digits=1, missing="undefined at full conflict",
    help="The share that contradicts, over all sources joined one after another.",
    formula=r"1-\prod_i(1-K_i)",
)  # fmt: skip
CONFLICT_FIRST = replace(
    ALL_CONFLICT, name="Conflict left out",
    help="By Dempster's rule, which leaves it out: look at it before the result.",
)  # fmt: skip
SURE = replace(
    BELIEF, name="Sure of the best", help="By Dempster's rule: the largest belief in an option.",
    formula=r"\max_x\mathrm{Bel}(x)",
)  # fmt: skip
UNKNOWN = replace(
    IGNORANCE, name="Left open", help="By Yager's rule, which counts conflict as not knowing."
)


@derived("evidence", "rule_conflict", "F", quantity=ALL_CONFLICT)
def rule_conflict(run: EvidenceRun) -> np.ndarray:
    """Return the conflict of all steps, [F]; NaN where a step is undefined."""
    left = 1 - run.conflict[:, ASKED, 1:].astype(np.float64)
    return 1 - left.prod(-1)


@derived("evidence", "rule_ignorance", "F", quantity=IGNORANCE)
def rule_ignorance(run: EvidenceRun) -> np.ndarray:
    """Return the mass of the whole frame, [F]."""
    return run.mass[:, ASKED, -1]


def _asked(name: str, *axes: str, quantity: Any) -> None:
    derived("evidence", f"{name}_asked", *axes, quantity=quantity)(
        lambda run: getattr(run, name)[:, ASKED]
    )


for _name, _axes, _quantity in (
    ("belief", ("F", "O"), BELIEF),
    ("plausibility", ("F", "O"), PLAUSIBILITY),
    ("pignistic", ("F", "O"), PIGNISTIC),
    ("deng", ("F",), DENG),
    ("nonspecificity", ("F",), OPEN),
    ("unsure", ("F",), UNSURE),
):
    _asked(_name, *_axes, quantity=_quantity)


@derived("evidence", "conflict_first", quantity=CONFLICT_FIRST)
def conflict_first(run: EvidenceRun) -> float:
    """Return what Dempster's rule leaves out of all; 1 where it is undefined."""
    steps = run.conflict[0, ASKED, 1:].astype(np.float64)
    return float(1 - np.nan_to_num(1 - steps, nan=0.0).prod())


@derived("evidence", "sure", quantity=SURE)
def sure(run: EvidenceRun) -> float:
    """Return the largest belief by Dempster's rule; NaN where it is undefined."""
    return float(run.belief[0, ASKED].max())


@derived("evidence", "unknown", quantity=UNKNOWN)
def unknown(run: EvidenceRun) -> float:
    """Return what Yager's rule leaves open."""
    return float(run.mass[1, ASKED, -1])
