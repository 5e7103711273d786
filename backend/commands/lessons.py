"""The shipped lessons, and whether they are true."""

from __future__ import annotations

from typing import Annotated

import typer

from ..lessons import lessons_in_order
from ..lessons.check import verdicts
from .base import app


@app.command("lessons")
def lessons(
    check: Annotated[
        bool, typer.Option("--check", help="Hold every claim against its shipped run.")
    ] = False,
) -> None:
    """The shipped lessons. With --check: which of their claims hold; 1 where one does not."""
    if not check:
        for lesson in lessons_in_order():
            steps = len(lesson.steps)
            typer.echo(f"{lesson.name}: {lesson.title} ({steps} steps, {lesson.minutes} min)")
        return
    held = total = 0
    for lesson in lessons_in_order():
        for each in verdicts(lesson):
            total += 1
            held += each.holds
            if not each.holds:
                typer.echo(
                    f"{each.lesson}, step {each.step}: not so on {each.example}: {each.words}"
                )
    typer.echo(f"{held} of {total} claims hold.")
    if held < total:
        raise typer.Exit(1)
