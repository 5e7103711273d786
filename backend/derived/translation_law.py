"""What a law of translation says in single numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.translation_law import LOSS, SOURCE, TranslationLawRun
from .base import derived

BEST = Quantity(
    "Encoder's best share", "", "%", digits=1, missing="only one side was varied",
    help="Of a budget of parameters, whatever the budget.",
    formula=r"p_e/(p_e+p_d)", source=SOURCE,
)  # fmt: skip
FLOOR = replace(
    LOSS, name="Floor", symbol="L∞", help="What no size takes away.", formula=r"L_\infty", low=0.0
)
POWERS = Quantity(
    "Powers together", "p_e+p_d", "", digits=2,
    help="How fast the reducible part falls as a budget grows that is split best.",
    formula=r"p_e+p_d", source=SOURCE,
)  # fmt: skip


@derived("translation_law", "best_share", quantity=BEST)
def best_share(run: TranslationLawRun) -> float:
    """Return the share of a budget that the encoder should have."""
    total = run.encoder_power + run.decoder_power
    return run.encoder_power / total if run.determined and total > 0 else np.nan


@derived("translation_law", "least", quantity=FLOOR)
def least(run: TranslationLawRun) -> float:
    """Return the floor, nats."""
    return run.floor


@derived("translation_law", "powers", quantity=POWERS)
def powers(run: TranslationLawRun) -> float:
    """Return the sum of both powers."""
    return run.encoder_power + run.decoder_power
