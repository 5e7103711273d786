"""Evidence theory: masses on sets of options, fused so that conflict and ignorance stay apart.

A mass function over a frame of n options is a float64 tensor [2**n]: its index is a set, bit i for
option i. The empty set has none, the last index is the whole frame: not knowing. Source: Dempster
1967; Shafer 1976; Yager 1987; Dubois and Prade 1988; Deng 2016; as arXiv 2502.14631 uses them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

Rule = Literal["Dempster", "Yager", "Dubois–Prade"]
RULES: tuple[Rule, ...] = get_args(Rule)


@dataclass(frozen=True)
class Fused:
    """What several sources say together.

    Attributes:
        mass: float64 [2**n]; NaN where Dempster's rule is undefined, at full conflict.
        conflict: K of every source with what those before it said, 0 for the first.
    """

    mass: Tensor
    conflict: tuple[float, ...]


def from_probabilities(probs: Tensor, trust: float) -> Tensor:
    """Return the masses of ``probs`` [n]: ``trust`` shared among the options, the rest unknown."""
    mass = torch.zeros(1 << len(probs), dtype=torch.float64)
    mass[_singles(len(probs))] = trust * probs.double()
    mass[-1] += 1 - trust
    return mass


def discounted(mass: Tensor, reliability: float) -> Tensor:
    """Return ``mass`` as far as its source is reliable; the rest goes to the whole frame."""
    found = reliability * mass
    found[-1] += 1 - reliability
    return found


def joined(a: Tensor, b: Tensor, rule: Rule) -> tuple[Tensor, float]:
    """Return the masses of two sources together, [2**n], and their conflict K.

    Dempster's rule leaves the conflict out and scales the rest up, NaN where nothing is left;
    Yager's gives it to the whole frame, Dubois and Prade's to the options of either source. Only
    the first does not depend on the order of more than two sources.
    """
    sets = torch.arange(len(a))
    first, second = sets[:, None], sets[None]
    products = a[:, None] * b[None]
    both = first & second
    apart = both == 0
    conflict = float(products[apart].sum())
    target = both
    if rule == "Dubois–Prade":
        target = torch.where(apart, first | second, both)
    found = torch.zeros_like(a).index_add_(0, target.ravel(), products.ravel())
    found[0] = 0
    if rule == "Yager":
        found[-1] += conflict
    if rule == "Dempster":
        rest = float(found.sum())
        found = found / rest if rest > 0 else torch.full_like(found, math.nan)
    return found, conflict


def fuse(sources: Sequence[Tensor], rule: Rule) -> Fused:
    """Return what ``sources`` say together, joined one after another."""
    mass, conflict = sources[0], [0.0]
    for each in sources[1:]:
        mass, k = joined(mass, each, rule)
        conflict.append(k)
    return Fused(mass, tuple(conflict))


def belief(mass: Tensor) -> Tensor:
    """Return what surely belongs to each option alone, [n]."""
    return mass[_singles(_options(mass))]


def plausibility(mass: Tensor) -> Tensor:
    """Return what may belong to each option, [n]: all masses of sets that hold it."""
    return _members(_options(mass)) @ mass


def pignistic(mass: Tensor) -> Tensor:
    """Return probabilities to bet by, [n]: the mass of a set in equal parts for its options."""
    members = _members(_options(mass))
    return members @ (mass / members.sum(0).clamp(min=1))


def deng_entropy(mass: Tensor) -> float:
    """Return −Σ m ln(m / (2^|A| − 1)) in nats; it may exceed the logarithm of the options."""
    sizes = _members(_options(mass)).sum(0)
    ways = torch.exp2(sizes) - 1
    return float(torch.special.entr(mass).sum() + (mass * ways.clamp(min=1).log()).sum())


def nonspecificity(mass: Tensor) -> float:
    """Return Σ m ln|A| in nats: what is left open within the sets."""
    sizes = _members(_options(mass)).sum(0)
    return float((mass * sizes.clamp(min=1).log()).sum())


def entropy(masses: Tensor) -> float:
    """Return −Σ m ln m in nats, of masses or of probabilities."""
    return float(torch.special.entr(masses).sum())


def substitution(same: Sequence[bool], alpha: float) -> list[Tensor]:
    """Return one source a pair of alloys that differ in two elements only.

    The frame is (D, S): the elements do not, or do, replace each other. A pair with the same
    outcome gives ``alpha`` to S, another one to D; the rest is unknown.
    """
    sources = []
    for each in same:
        mass = torch.tensor([0.0, 0.0, 0.0, 1 - alpha], dtype=torch.float64)
        mass[2 if each else 1] = alpha
        sources.append(mass)
    return sources


def _options(mass: Tensor) -> int:
    return len(mass).bit_length() - 1


def _singles(options: int) -> Tensor:
    return torch.bitwise_left_shift(torch.tensor(1), torch.arange(options))


def _members(options: int) -> Tensor:
    """Return which option each set holds, float64 [n, 2**n]."""
    return (torch.arange(1 << options)[None] & _singles(options)[:, None] > 0).double()
