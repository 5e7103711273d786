"""``python -m backend trajectories``: what would each sampler have made of a prompt?"""

from __future__ import annotations

import math
from typing import Annotated, cast

import typer

from ..derived.trajectory_text import TextMeasures, text_measures
from ..errors import InputError
from ..runs import SamplerSpec, TrajectoryRequest, TrajectoryRun
from ..runs.trajectories import Plan
from . import base

Samplers = Annotated[
    list[str],
    typer.Option(
        "--sampler",
        help="A sampler, for example top_p, top_k:50, top_p:p=0.9,temperature=0.7, or a chain: "
        "top_k:50+top_p:0.9. Give it several times for several.",
    ),
]
Steps = Annotated[int, typer.Option(help="The most tokens to decode.")]
Seeds = Annotated[list[int], typer.Option("--seed", help="One text of every sampler for each.")]
Chat = Annotated[bool, typer.Option("--chat", help="Put the prompt into the chat template.")]
Stop = Annotated[list[str], typer.Option("--stop", help="End a text once this is written.")]
OwnLuck = Annotated[bool, typer.Option("--own-luck", help="Let samplers not share their luck.")]
Penalty = Annotated[float, typer.Option(help="Repetition penalty; 1 is off.")]
Compare = Annotated[
    bool, typer.Option("--compare", help="Apply every sampler to every text's distributions.")
]


@base.app.command("trajectories")
def trajectories_command(
    text_file: base.TextFile,
    out: base.Out,
    sampler: Samplers,
    json_out: base.JsonOut = None,
    title: base.Title = "",
    model: base.Model = "bundled",
    revision: base.Revision = None,
    device: base.Device = "auto",
    dtype: base.Dtype = "auto",
    steps: Steps = TrajectoryRequest.steps,
    seed: Seeds = [0],  # noqa: B006  typer copies it
    chat: Chat = False,
    stop: Stop = [],  # noqa: B006
    own_luck: OwnLuck = False,
    repetition_penalty: Penalty = 1.0,
    compare: Compare = False,
) -> None:
    """Decode a prompt with several samplers at once and keep what each did at every step."""
    request = TrajectoryRequest(
        model=base.model_spec(model, revision, device, dtype),
        prompt=base.read_text(text_file),
        chat=chat,
        samplers=tuple(map(read_plan, sampler)),
        steps=steps,
        seeds=tuple(seed),
        shared_luck=not own_luck,
        stop=tuple(stop),
        repetition_penalty=repetition_penalty,
        compare=compare,
    )
    run = cast(TrajectoryRun, base.answer(request, out, json_out, title))
    for each in text_measures(run):
        label, number = run.labels[each.sampler], run.request.seeds[each.seed]
        typer.echo(
            f"{label}, seed {number}: {each.tokens} tokens, perplexity {each.perplexity:.2f}, "
            f"mean entropy {each.mean_entropy:.3f} nats, repeated 4-grams {each.repeated_4:.0%}"
            + _against_target(each)
        )
    typer.echo(f"{out}: {run.lengths.size} texts, {run.seconds:.1f} s")


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
