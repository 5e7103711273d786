"""The samplers there are, ready for the controls of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from latex2mathml.converter import convert

from ....quantities import BITS_PER_NAT, Quantity
from ....runs.sampler_info import ParameterInfo, SamplerInfo
from ..base import plain_quantity


def plain_samplers(infos: Sequence[SamplerInfo]) -> list[dict[str, Any]]:
    """Return declarations of samplers ready for JSON, in the order of menus."""
    ordered = sorted(infos, key=lambda each: (each.group, each.label))
    return [
        {
            **{name: getattr(each, name) for name in ("name", "label", "group", "knob")},
            **{name: getattr(each, name) for name in ("explanation", "source")},
            "mathml": convert(each.formula),
            "parameters": [_parameter(one) for one in each.parameters],
        }
        for each in ordered
    ]


def _parameter(info: ParameterInfo) -> dict[str, Any]:
    """Return a parameter; ``times`` turns its value into that of ``quantity``, which is in nats."""
    bits = info.unit == "bits"
    unit = "nats" if bits else info.unit
    digits = max(2, len(f"{info.step:.10f}".rstrip("0").partition(".")[2]))
    quantity = Quantity(info.label, unit=unit, digits=0 if info.integer else digits)
    return {
        **asdict(info),
        "times": 1 / BITS_PER_NAT if bits else 1.0,
        "quantity": plain_quantity(quantity),
    }
