"""``python -m backend trajectories``: what would each sampler have made of a prompt?"""

from __future__ import annotations

import inspect
import math
from typing import Annotated

import typer

from ..derived.trajectory_text import TextMeasures, text_measures
from ..errors import InputError
from ..runs import SamplerSpec, TrajectoryRun
from ..runs.trajectories import Plan
from .declared import Option, Own, add

Samplers = Annotated[
    list[str],
    typer.Option(
        "--sampler",
        help="A sampler, for example top_p, top_k:50, top_p:p=0.9,temperature=0.7, or a chain: "
        "top_k:50+top_p:0.9. Give it several times for several.",
    ),
]
Seeds = Annotated[list[int], typer.Option("--seed", help="One text of every sampler for each.")]
Stop = Annotated[list[str], typer.Option("--stop", help="End a text once this is written.")]
OwnLuck = Annotated[bool, typer.Option("--own-luck", help="Let samplers not share their luck.")]


def report_lines(run: TrajectoryRun) -> list[str]:
    """Return one line a text."""
    lines = []
    for each in text_measures(run):
        label, number = run.labels[each.sampler], run.request.seeds[each.seed]
        lines.append(
            f"{label}, seed {number}: {each.tokens} tokens, perplexity {each.perplexity:.2f}, "
            f"mean entropy {each.mean_entropy:.3f} nats, repeated 4-grams {each.repeated_4:.0%}"
            + _against_target(each)
        )
    return lines


def _against_target(of: TextMeasures) -> str:
    if math.isnan(of.target):
        return ""
    return f", mean surprise {of.target_error:+.3f} nats off its target of {of.target:.3f}"


def read_plan(text: str) -> Plan:
    """Read ``name``, ``name:value``, ``name:parameter=value,…``, or several of these with +.

    Raises:
        InputError: it is not written like that.
    """
    return tuple(_spec(part.strip()) for part in text.split("+"))


def _spec(text: str) -> SamplerSpec:
    name, _, rest = text.partition(":")
    given: dict[str, float | int | str] = {}
    for pair in filter(None, rest.split(",")):
        parameter, equals, value = pair.partition("=")
        if not equals:
            # A sampler's own name stands for its first parameter.
            parameter, value = name, pair
        if not name or not value:
            raise InputError(f"Cannot read the sampler {text!r}; write for example top_p:p=0.9.")
        given[parameter.strip()] = _number(value.strip())
    return SamplerSpec(name, given)


def _number(text: str) -> float | int | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


add(
    "trajectories",
    Own(
        options={
            "sampler": Option(
                Samplers, inspect.Parameter.empty, lambda given: tuple(map(read_plan, given))
            ),
            "seed": Option(Seeds, [0], tuple),
            "stop": Option(Stop, [], tuple),
            "own_luck": Option(OwnLuck, False, lambda given: not given),
        },
        fields={"sampler": "samplers", "seed": "seeds", "own_luck": "shared_luck"},
        report=report_lines,
        count=lambda run: f"{run.lengths.size} texts",
    ),
)
