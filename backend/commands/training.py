"""``python -m backend training``: train the small networks of an experiment."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import InputError
from ..runs.training import TrainingRequest, TrainingRun, Value
from . import base

Experiment = Annotated[str, typer.Option(help="Its name; a wrong one lists them all.")]
Seeds = Annotated[
    list[int] | None, typer.Option("--seed", help="One network of every variant for each.")
]
Choices = Annotated[
    list[str] | None,
    typer.Option("--choose", help="What the experiment leaves open: learning_rate=0.01."),
]


@base.app.command("training")
def training_command(
    experiment: Experiment,
    out: base.Out,
    json_out: base.JsonOut = None,
    report_out: base.ReportOut = None,
    title: base.Title = "",
    seed: Seeds = None,
    choose: Choices = None,
) -> None:
    """Train the networks of an experiment side by side."""
    request = TrainingRequest(
        experiment=experiment, seeds=tuple(seed or ()), choices=tuple(map(_choice, choose or ()))
    )
    run = base.answer(request, out, json_out, title, report_out)
    if isinstance(run, TrainingRun):
        for each in run.figures:
            found = "–" if each.found is None else f"{each.found:.3f}"
            typer.echo(f"{'as expected' if each.holds else 'not so'}: {each.claim} ({found})")
    typer.echo(f"{out}: {run.seconds:.1f} s")


def _choice(text: str) -> tuple[str, Value]:
    """Read ``name=value``.

    Raises:
        InputError: it is not written like that.
    """
    name, is_, value = text.partition("=")
    if not (name and is_ and value):
        raise InputError(f"A choice is written name=value, not {text!r}.")
    try:
        number = float(value)
    except ValueError:
        return name, value
    return name, int(number) if number.is_integer() and "." not in value else number
