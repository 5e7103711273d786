"""Train the networks of digits that ship with Marginals: half a minute, always from seed 0."""

from __future__ import annotations

import typer

from backend.progress import Progress
from backend.trainings.engine.any_order import WEIGHTS, learn_digits, save


def _told(progress: Progress) -> None:
    if progress.done % 500 == 0:
        typer.echo(f"{progress.message}: {progress.done:,} of {progress.total:,}")


if __name__ == "__main__":
    network = learn_digits(_told)
    save(network)
    typer.echo(f"{network.size:,} parameters, {WEIGHTS.stat().st_size:,} bytes: {WEIGHTS.name}")
