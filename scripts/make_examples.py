"""Compute the runs that ship in examples/, so that every lens shows something before a model loads.

``make examples`` computes all of them again, for a change to a study or to a run's fields;
``scripts/make_examples.py --missing`` those that are not there yet. What they are is declared by
the lenses.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

import backend
from backend.errors import NotDefinedError
from backend.lenses import LENSES, Example
from backend.models.language import LanguageModel
from backend.runs import Run

EXAMPLES = Path(__file__).parents[1] / "examples"
ELSEWHERE = ("intervals", "checkpoints")
"""Of other scripts: one asks a server, one trains its models first."""

LARGEST = 1_000_000  # bytes a file may have
ALL = 12_000_000  # bytes of all together


def compute(model: LanguageModel, kind: str, example: Example) -> Run:
    """Return the run of an example, under its title."""
    request = LENSES[kind].request_type(**example.fields)
    return replace(backend.study(model, request), title=example.title, note=example.note)


def main(
    missing: Annotated[bool, typer.Option(help="Only those that are not there yet.")] = False,
) -> None:
    """Compute and write the examples of all lenses, on the CPU so that all machines agree."""
    model = backend.load_model("bundled", device="cpu", dtype="float32")
    for kind in LENSES:
        for example in LENSES[kind].examples:
            path = EXAMPLES / f"{example.name}.safetensors"
            if missing and path.exists():
                continue
            if kind in ELSEWHERE:
                typer.echo(f"{path.name}: not of this model")
                continue
            try:
                run = compute(model, kind, example)
            except NotDefinedError:  # the bundled model has no experts: scripts/router_examples.py
                typer.echo(f"{path.name}: not of this model")
                continue
            size = run.save(path).stat().st_size
            typer.echo(f"{path.name}: {size:,} bytes, {run.seconds:.1f} s")
            if size > LARGEST:
                raise SystemExit(f"{path.name} is over {LARGEST:,} bytes.")
    size = sum(path.stat().st_size for path in EXAMPLES.rglob("*.safetensors"))
    if size > ALL:
        raise SystemExit(f"All examples together have {size:,} bytes, over {ALL:,}.")


if __name__ == "__main__":
    typer.run(main)
