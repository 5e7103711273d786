"""Kinds of run, one file each: what was asked and what came back. NumPy, no torch."""

from ..registry import import_all
from .attention import AttentionRequest, AttentionRun
from .base import RUN_KINDS, Request, Run, TokenizedRun
from .dataset import DatasetRequest, DatasetRun
from .divergence import DivergenceRequest, DivergenceRun
from .many import ManyRequest
from .model import ModelFacts, ModelSpec
from .text import TextRequest, TextRun
from .training import TrainingRequest, TrainingRun
from .trajectories import Origin, SamplerSpec, TrajectoryRequest, TrajectoryRun

__all__ = [
    "RUN_KINDS",
    "AttentionRequest",
    "AttentionRun",
    "DatasetRequest",
    "DatasetRun",
    "DivergenceRequest",
    "DivergenceRun",
    "ManyRequest",
    "ModelFacts",
    "ModelSpec",
    "Origin",
    "Request",
    "Run",
    "SamplerSpec",
    "TextRequest",
    "TextRun",
    "TokenizedRun",
    "TrainingRequest",
    "TrainingRun",
    "TrajectoryRequest",
    "TrajectoryRun",
]

import_all(__name__, __path__)
