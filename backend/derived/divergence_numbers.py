"""Figures of a divergence run: means over the tokens that have a prediction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..runs.divergence import JS, KL_AB, KL_BA, DivergenceRun
from .base import derived


def _mean(name: str) -> Callable[[DivergenceRun], float]:
    def mean(run: DivergenceRun) -> float:
        values = getattr(run, name)
        known = values[~np.isnan(values)]
        return float(known.mean(dtype=np.float64)) if known.size else float("nan")

    return mean


for _name, _quantity in (("kl_ab", KL_AB), ("kl_ba", KL_BA), ("js", JS)):
    _of = replace(
        _quantity,
        name=f"Mean {_quantity.name}",
        help=f"{_quantity.help} Mean over the tokens.",
        formula=rf"\frac1n\sum_i\mathrm{{{_quantity.symbol}}}_i",
    )
    derived("divergence", f"mean_{_name}", quantity=_of)(_mean(_name))
