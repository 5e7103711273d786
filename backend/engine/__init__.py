"""Where studies execute: one worker thread a model, a queue, budgets, progress and cancel."""

from backend.engine.engine import Engine
from backend.engine.job import Job, State

__all__ = ["Engine", "Job", "State"]
