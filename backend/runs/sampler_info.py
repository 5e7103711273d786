"""Samplers as plain data: what the page needs to draw their controls and to show what they do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..quantities import Quantity


@dataclass(frozen=True)
class ParameterInfo:
    """One parameter of a sampler, as a control.

    Attributes:
        options: the words to choose from; empty for a number.
        low, high, step: of a slider; the allowed range may be wider.
        integer: whole numbers only.
        aliases: other names that requests may write it by.
    """

    name: str
    label: str
    default: Any
    help: str
    unit: str = ""
    aliases: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    integer: bool = False


@dataclass(frozen=True)
class SamplerInfo:
    """A sampler's declaration.

    Attributes:
        formula: LaTeX.
        parameters: the most important one first.
        knob: whether its row shows the first parameter.
        details: what it tells about each step, by name.
    """

    name: str
    label: str
    group: str
    formula: str
    explanation: str
    source: str
    parameters: tuple[ParameterInfo, ...]
    knob: bool
    details: dict[str, Quantity]


@dataclass(frozen=True, eq=False)
class Filtered:
    """What one sampler makes of one given distribution p of n tokens; nats.

    Attributes:
        kept: bool [n], the tokens that can be drawn.
        probs: float64 [n], what is drawn from; sums to 1.
        kept_mass: what p gives to the kept tokens together.
        entropy: of ``probs``.
        divergence: KL(``probs`` ‖ p).
        details: the sampler's own numbers, by name.
    """

    kept: np.ndarray
    probs: np.ndarray
    kept_mass: float
    entropy: float
    divergence: float
    details: dict[str, float] = field(default_factory=dict)
