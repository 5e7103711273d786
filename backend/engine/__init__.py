"""Where studies execute: joined, reserved for, timed and told of; one thread a model."""

from .engine import Engine, Timeouts
from .executors.base import State
from .executors.local import LocalExecutor
from .job import Job

__all__ = ["Engine", "Job", "LocalExecutor", "State", "Timeouts"]
