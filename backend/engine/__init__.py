"""Where studies execute: one worker thread a model, a queue, budgets, progress and cancel."""

from .engine import Engine
from .job import Job, State

__all__ = ["Engine", "Job", "State"]
