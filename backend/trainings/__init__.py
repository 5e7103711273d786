"""Live trainings of small networks, one file an experiment; importing this finds them all.

``run = backend.trainings.run("collapse", seeds=[0], learning_rate=0.03)`` has its numbers by name,
such as ``run.numbers["loss"]`` in nats, [records, copies].
"""

from ..registry import import_all
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment
from .engine.run import answer, complete, run

__all__ = ["EXPERIMENTS", "Choice", "Expected", "Experiment", "answer", "complete", "names", "run"]


def names() -> list[str]:
    """Return the names of all experiments."""
    return sorted(EXPERIMENTS)


import_all(__name__, __path__)
