"""How evenly a mixture of experts shares out its tokens."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.layers import EXPERTS
from ..runs.router import LOAD, ROUTER_ENTROPY, RouterRun
from .base import derived

VARIATION = Quantity(
    "Variation of load",
    "CV",
    "%",
    high=2,
    plain="how unevenly it is loaded",
    help="Standard deviation of the experts' loads over their mean: 0 is perfect balance.",
    formula=r"\sigma(f)/\bar f",
    source=EXPERTS,
    missing="this layer has no router",
    digits=0,
)
SHARE = replace(
    ROUTER_ENTROPY,
    name="Router entropy of the largest",
    unit="%",
    high=1,
    help="Mean router entropy over ln of the number of experts: 100 % treats all alike.",
    formula=r"\bar H/\ln E",
    digits=1,
)


@derived("router", "variation", "L", quantity=VARIATION)
def variation(run: RouterRun) -> np.ndarray:
    """Return the variation of the load of every layer, float32 [L]."""
    return run.load.std(1) / np.where(run.load.mean(1) > 0, run.load.mean(1), np.nan)


@derived("router", "mean_variation", quantity=replace(VARIATION, name="Variation of load, mean"))
def mean_variation(run: RouterRun) -> float:
    """Return the mean over layers."""
    return _mean(variation(run))


@derived("router", "entropy_share", quantity=SHARE)
def entropy_share(run: RouterRun) -> float:
    """Return the mean router entropy over its largest, 0 to 1."""
    experts = run.load.shape[1]
    return _mean(run.router_entropy) / math.log(experts) if experts > 1 else math.nan


@derived(
    "router",
    "idle",
    quantity=replace(
        LOAD,
        name="Idle experts",
        unit="%",
        help="Share of experts that no token was given to.",
        formula=r"|\{e: f_e=0\}|/E",
        digits=0,
    ),
)
def idle(run: RouterRun) -> float:
    """Return the share of experts without a token, over all layers."""
    known = run.load[np.isfinite(run.load).all(1)]
    return float((known == 0).mean()) if known.size else math.nan


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else math.nan
