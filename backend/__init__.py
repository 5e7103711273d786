"""Entropy inside language models: load a model, ask for a study, get a run.

    model = backend.load_model("bundled")
    run = backend.study_text(model, "The capital of France is Paris.")
    run.entropy  # nats, one number a token

Importing this is cheap: torch is loaded with the first model.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np

    from .models.language import LanguageModel
    from .runs import AttentionRun, ModelSpec, Request, Run, TextRun, TrajectoryRun
    from .studies import Report

# Threads of torch that wait for work spin by default and hold up whatever else runs: beside busy
# programs, decoding on two cores took ten times as long. It must be said before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__all__ = [
    "attention_pattern",
    "load_model",
    "load_run",
    "study",
    "study_attention",
    "study_both",
    "study_text",
    "study_trajectories",
]


def load_model(
    source: str | ModelSpec = "bundled",
    *,
    revision: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
) -> LanguageModel:
    """Load a model: "bundled", a hub id, a folder, or the path of a ``.gguf`` file."""
    from .models import load_model

    return load_model(source, revision=revision, device=device, dtype=dtype)


def load_run(path: str | Path) -> Run:
    """Read a run that ``run.save(path)`` has written."""
    from .storage.files import load_run

    return load_run(path)


def study(model: LanguageModel, request: Request, report: Report | None = None) -> Run:
    """Answer any request, whatever its kind; ``report`` hears of progress and may stop it.

    A ``BothRequest`` alone is answered by two runs, which ``study_both`` returns.
    """
    from .runs import TrajectoryRequest
    from .studies import STUDIES, ignore
    from .studies.plans import with_defaults

    if isinstance(request, TrajectoryRequest):
        request = with_defaults(request)
    return STUDIES[request.kind].run(model, request, report or ignore)  # type: ignore[reportReturnType]


def study_text(
    model: LanguageModel, text: str, *, report: Report | None = None, **fields: Any
) -> TextRun:
    """Return how uncertain the model was at every token of ``text``.

    ``fields`` are those of ``TextRequest``: ``top_k``, ``add_bos``, ``curve`` and so on.
    """
    from .runs import TextRequest

    return study(model, TextRequest(model=model.spec, text=text, **fields), report)  # type: ignore[reportReturnType]


def study_attention(
    model: LanguageModel, text: str, *, report: Report | None = None, **fields: Any
) -> AttentionRun:
    """Return how widely every head of the model looked at every token of ``text``.

    ``fields`` are those of ``AttentionRequest``: ``add_bos`` and ``special_tokens``.
    """
    from .runs import AttentionRequest

    return study(model, AttentionRequest(model=model.spec, text=text, **fields), report)  # type: ignore[reportReturnType]


def study_both(
    model: LanguageModel, text: str, *, report: Report | None = None, **fields: Any
) -> tuple[TextRun, AttentionRun]:
    """Return ``study_text`` and ``study_attention`` of ``text`` from one reading.

    ``fields`` are those of ``TextRequest``.
    """
    from .runs import BothRequest, TextRequest

    asked = TextRequest(model=model.spec, text=text, **fields)
    return study(model, BothRequest(model=model.spec, text=asked), report)  # type: ignore[reportReturnType]


def attention_pattern(
    model: LanguageModel,
    text: str,
    layer: int,
    head: int,
    *,
    rows: tuple[int, int] | None = None,
    cells: int | None = None,
    **fields: Any,
) -> np.ndarray:
    """Return the weights of one head over ``text``, float32 [T, T]; rows are queries.

    Args:
        model: to read with; it runs up to the layer and no further.
        text: to read.
        layer: from 0.
        head: from 0.
        rows: only queries first … stop − 1; [stop − first, T] comes back.
        cells: an overview instead: the largest weight in each field of about cells × cells.
        fields: ``add_bos`` and ``special_tokens`` of ``AttentionRequest``.
    """
    from .runs import AttentionRequest
    from .studies.pattern import Part, read_pattern

    request = AttentionRequest(model=model.spec, text=text, **fields)
    return read_pattern(model, request, layer, head, Part(rows, cells))


def study_trajectories(
    model: LanguageModel,
    prompt: str,
    samplers: Sequence[Any] = ("greedy",),
    *,
    seeds: Sequence[int] = (0,),
    report: Report | None = None,
    **fields: Any,
) -> TrajectoryRun:
    """Return what each sampler makes of ``prompt``, for every seed.

    ``samplers`` are names, names with parameters (``("top_p", {"p": 0.9})``), samplers, or lists
    of these (chains). ``fields`` are those of ``TrajectoryRequest``: ``steps``, ``chat``, ``stop``
    and so on.
    """
    from .runs import TrajectoryRequest
    from .runs.trajectories import plans

    request = TrajectoryRequest(
        model=model.spec, prompt=prompt, samplers=plans(samplers), seeds=tuple(seeds), **fields
    )
    return study(model, request, report)  # type: ignore[reportReturnType]


def __getattr__(name: str) -> ModuleType:
    """Give ``backend.samplers`` without loading torch for those who do not use it."""
    if name == "samplers":
        return import_module(f"{__name__}.samplers")
    raise AttributeError(f"module 'backend' has no attribute {name!r}")
