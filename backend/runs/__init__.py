"""Kinds of run, one file each: what was asked and what came back. NumPy, no torch."""

from .attention import AttentionRequest, AttentionRun
from .base import RUN_KINDS, Request, Run, TokenizedRun
from .both import BothRequest
from .dataset import DatasetRequest, DatasetRun
from .divergence import DivergenceRequest, DivergenceRun
from .model import ModelFacts, ModelSpec
from .text import TextRequest, TextRun
from .trajectories import Origin, SamplerSpec, TrajectoryRequest, TrajectoryRun

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
]
