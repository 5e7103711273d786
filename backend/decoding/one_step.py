"""Samplers beside each other on one given distribution; no model takes part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError
from ..runs.sampler_info import Filtered, ParameterInfo, SamplerInfo
from ..runs.trajectories import Plan
from ..samplers import SAMPLERS, Sampler, Step, SupportsSampling, names
from ..samplers.parameters import Choice, Parameter
from .plans import build, written_out


def catalogue() -> tuple[SamplerInfo, ...]:
    """Return the declarations of all samplers as plain data, sorted by name."""
    return tuple(_info(SAMPLERS[name]) for name in names())


def apply_samplers(
    probs: np.ndarray, plans: Sequence[Plan], states: Sequence[Mapping[str, float]] = ()
) -> list[Filtered]:
    """Hand one distribution to every sampler or chain.

    Args:
        probs: [n]; not negative, sums to 1.
        plans: which ones.
        states: per sampler what it remembers, such as ``{"mu": 4.2}``; what is not given, or all
            of it where there are no states, is as before the first step.

    Raises:
        InputError: the distribution is none, or a sampler or its parameters are unknown.
    """
    logits = _logits(probs)
    remembered = [*states, *[{}] * (len(plans) - len(states))]
    return [
        _filtered(logits, _step(build(plan), logits, state))
        for plan, state in zip(plans, remembered, strict=True)
    ]


def temperature_sweep(
    probs: np.ndarray, plans: Sequence[Plan], temperatures: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Give every sampler one temperature after the other.

    Args:
        probs: [n].
        plans: which samplers; the sweep takes the place of their own temperature. In a chain only
            the first one's, so that temperature comes once.
        temperatures: each above 0.

    Returns:
        Entropy of what is drawn from, in nats, and the number of kept tokens, both float64
        [plans, temperatures].

    Raises:
        InputError: as ``apply_samplers``.
    """
    logits = _logits(probs)
    steps = [[_step(build(_at(plan, each)), logits, {}) for each in temperatures] for plan in plans]
    entropy = [[_entropy(step.probs) for step in row] for row in steps]
    kept = [[int(step.kept.sum()) for step in row] for row in steps]
    shape = (len(plans), len(temperatures))
    return np.array(entropy).reshape(shape), np.array(kept, dtype=np.float64).reshape(shape)


def _at(plan: Plan, temperature: float) -> Plan:
    return tuple(
        replace(each, parameters={**each.parameters, "temperature": 1.0 if place else temperature})
        for place, each in enumerate(written_out(plan))
    )


def _step(sampler: SupportsSampling, logits: Tensor, state: Mapping[str, float]) -> Step:
    started = sampler.start(1)
    given = {
        name: torch.full_like(value, state[name]) if name in state else value
        for name, value in started.items()
    }
    return sampler.filter(logits, given)


def _filtered(logits: Tensor, step: Step) -> Filtered:
    raw, drawn = logits.exp()[0], step.probs[0]
    seen = drawn > 0
    divergence = (drawn[seen] * (drawn[seen].log() - logits[0][seen])).sum()
    return Filtered(
        kept=step.kept[0].numpy(),
        probs=drawn.numpy(),
        kept_mass=float(raw[step.kept[0]].sum()),
        entropy=_entropy(step.probs),
        divergence=max(0.0, float(divergence)),
        details={name: float(value[0]) for name, value in step.details.items()},
    )


def _entropy(probs: Tensor) -> float:
    return float(torch.special.entr(probs).sum())


def _logits(probs: np.ndarray) -> Tensor:
    """Return ln p as float64 [1, n]; float64 because hand-made distributions have exact ties."""
    given = np.asarray(probs, dtype=np.float64)
    if given.ndim != 1 or not given.size or not (given >= 0).all() or given.sum() <= 0:
        raise InputError("A distribution needs at least one token with a probability above 0.")
    return torch.tensor(given / given.sum()).log()[None]


def _info(kind: type[Sampler]) -> SamplerInfo:
    return SamplerInfo(
        name=kind.name,
        label=kind.label,
        group=kind.group,
        formula=kind.formula,
        explanation=kind.explanation,
        source=kind.source,
        parameters=tuple(map(_parameter, kind.parameters)),
        knob=kind.knob,
        details=dict(kind.details),
    )


def _parameter(declared: Parameter) -> ParameterInfo:
    if isinstance(declared, Choice):
        return ParameterInfo(
            declared.name,
            declared.label,
            declared.default,
            declared.help,
            aliases=declared.aliases,
            options=declared.options,
        )
    low, high = declared.usual or (declared.low, declared.high)
    return ParameterInfo(
        name=declared.name,
        label=declared.label,
        default=declared.default,
        help=declared.help,
        unit=declared.unit,
        aliases=declared.aliases,
        low=low,
        high=high,
        step=declared.step,
        integer=declared.integer,
    )
