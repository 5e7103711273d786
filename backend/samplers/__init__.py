"""Samplers, one file each: ``make("top_h", alpha=0.4)``.

A file in this folder that declares a sampler is found by itself; see docs/adding_a_sampler.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from .base import SAMPLERS, Sampler, State, Step, SupportsSampling
from .chain import Chain

__all__ = [
    "SAMPLERS",
    "Chain",
    "Sampler",
    "State",
    "Step",
    "SupportsSampling",
    "chain",
    "make",
    "names",
]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")


def names() -> list[str]:
    """Return the names of all samplers, sorted."""
    return sorted(SAMPLERS)


def make(name: str, value: Any = None, /, **parameters: Any) -> Sampler:
    """Return a sampler.

    Args:
        name: one of ``names()``.
        value: of its first parameter: ``make("top_k", 50)``.
        parameters: by name; those left out have their defaults.

    Raises:
        InputError: an unknown name, or a parameter that is unknown or out of range.
    """
    kind = SAMPLERS[name]
    if value is not None:
        parameters = {kind.parameters[0].name: value, **parameters}
    return kind(**parameters)


def chain(samplers: Sequence[Sampler]) -> Chain:
    """Return ``samplers`` as one that applies them in turn."""
    return Chain(samplers)
