"""What an alloy of several elements is like, by rules of mixtures.

Source: Yeh et al. 2004 (entropy of mixing); Zhang et al. 2008; Yang and Zhang 2012 (δ, Ω).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

GAS_CONSTANT = 8.314
"""J / (mol K), as these rules are printed with it."""


def mixing_entropy(parts: Tensor) -> float:
    """Return −Σ c ln c of the fractions ``parts`` [n], nats; times R it is ΔS in J / (mol K)."""
    return float(torch.special.entr(parts.double()).sum())


def mixing_enthalpy(parts: Tensor, pairs: Tensor) -> float:
    """Return Σ_{i<j} 4 H_ij c_i c_j in kJ / mol, with H of equal parts in ``pairs`` [n, n].

    The diagonal of ``pairs`` is 0, and it is symmetric.
    """
    parts = parts.double()
    return float(2 * parts @ pairs.double() @ parts)


def mismatch(parts: Tensor, radii: Tensor) -> float:
    """Return δ = √Σ c (1 − r / r̄)², a share: how unlike the sizes of the atoms are."""
    parts, radii = parts.double(), radii.double()
    mean = (parts * radii).sum()
    return float((parts * (1 - radii / mean) ** 2).sum().sqrt())


def omega(parts: Tensor, pairs: Tensor, melting: Tensor) -> float:
    """Return Ω = T̄m ΔS / |ΔH|: entropy against enthalpy; NaN where there is no enthalpy."""
    enthalpy = 1000 * abs(mixing_enthalpy(parts, pairs))
    if enthalpy == 0:
        return math.nan
    mean = float((parts.double() * melting.double()).sum())
    return mean * GAS_CONSTANT * mixing_entropy(parts) / enthalpy
