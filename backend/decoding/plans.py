"""Sampler plans: made into samplers, named for people, and written out in full."""

from __future__ import annotations

from dataclasses import replace

from ..runs.trajectories import Plan, TrajectoryRequest
from ..samplers import SAMPLERS, SupportsSampling, chain, make


def build(plan: Plan) -> SupportsSampling:
    """Return the sampler or chain that a plan describes.

    Raises:
        InputError: an unknown name, or a parameter out of range.
    """
    links = [make(each.name, **each.parameters) for each in plan]
    return links[0] if len(links) == 1 else chain(links)


def labels(plan_list: tuple[Plan, ...]) -> list[str]:
    """Return a short name for each plan, all different."""
    names = [" → ".join(_label(each.name, each.parameters) for each in plan) for plan in plan_list]
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return found


def _label(name: str, parameters: dict) -> str:
    kind = SAMPLERS[name]
    values = make(name, **parameters).values
    first, *rest = kind.parameters
    shown = [f"{values[first.name]}"] if first.name != "temperature" else []
    shown += [
        f"{each.label if each.name != 'temperature' else 'T'} {values[each.name]}"
        for each in (rest if shown else kind.parameters)
        if values[each.name] != each.default
    ]
    return " ".join([kind.label, ", ".join(shown)]).strip()


def with_defaults(request: TrajectoryRequest) -> TrajectoryRequest:
    """Return the request with every parameter of every sampler written out under its own name.

    However a sampler was written, with other names for its parameters or without its defaults,
    equal samplers give equal requests.

    Raises:
        InputError: an unknown sampler or parameter, or a value out of range.
    """
    return replace(request, samplers=tuple(map(written_out, request.samplers)))


def written_out(plan: Plan) -> Plan:
    """Return one plan with every parameter of its samplers written out under its own name."""
    return tuple(
        replace(each, parameters=make(each.name, **each.parameters).values) for each in plan
    )
