"""Run types and run files: NumPy arrays and plain metadata, no torch."""

from backend.runs.attention import AttentionRequest, AttentionRun
from backend.runs.base import RUN_KINDS, Request, Run, TokenizedRun
from backend.runs.both import BothRequest
from backend.runs.dataset import DatasetRequest, DatasetRun
from backend.runs.divergence import DivergenceRequest, DivergenceRun
from backend.runs.files import load_run, save_run
from backend.runs.model import ModelFacts, ModelSpec
from backend.runs.text import TextRequest, TextRun
from backend.runs.trajectories import Origin, SamplerSpec, TrajectoryRequest, TrajectoryRun

__all__ = [
    "RUN_KINDS",
    "AttentionRequest",
    "AttentionRun",
    "BothRequest",
    "DatasetRequest",
    "DatasetRun",
    "DivergenceRequest",
    "DivergenceRun",
    "ModelFacts",
    "ModelSpec",
    "Origin",
    "Request",
    "Run",
    "SamplerSpec",
    "TextRequest",
    "TextRun",
    "TokenizedRun",
    "TrajectoryRequest",
    "TrajectoryRun",
    "load_run",
    "save_run",
]
