"""Entropy inside language models: load a model, ask for a study, get a run.

    model = backend.load_model("bundled")
    run = backend.study_text(model, "The capital of France is Paris.")
    run.entropy  # nats, one number a token

Importing this is cheap: torch is loaded with the first model.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from .derived.comparison import Comparison
    from .models.language import LanguageModel
    from .runs import ModelSpec, Request, Run, TrajectoryRun
    from .studies import Report

# Threads of torch that wait for work spin by default and hold up whatever else runs: beside busy
# programs, decoding on two cores took ten times as long. It must be said before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# An installed copy is ``entroscope.backend``, the repository's is ``backend``. Two copies in one
# process would each have classes and models of their own, and know nothing of the other's.
if hasattr(sys.modules.get("backend" if __name__ != "backend" else "entroscope.backend"), "study"):
    raise ImportError(
        f"{__name__} cannot be imported: the same code is loaded under its other name, from "
        "another folder. Use either `backend` (the repository) or `entroscope` (installed)."
    )

__all__ = [
    "attention_pattern",
    "compare",
    "load_model",
    "load_run",
    "study",
    "study_many",
    "study_trajectories",
]


def load_model(
    source: str | ModelSpec | Any = "bundled",
    *,
    revision: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    tokenizer: Any = None,
    name: str = "",
) -> LanguageModel:
    """Load a model: "bundled", a hub id, a folder, or the path of a ``.gguf`` file.

    A transformers model that is in memory is taken as it is, with its ``tokenizer`` and a ``name``
    for people: neither moved nor cast, and after each study in the mode it was in, so that it can
    go on training.
    """
    from .models import load_model

    return load_model(
        source, revision=revision, device=device, dtype=dtype, tokenizer=tokenizer, name=name
    )


def load_run(path: str | Path) -> Run:
    """Read a run that ``run.save(path)`` has written."""
    from .storage.files import load_run

    return load_run(path)


def compare(a: Run, b: Run) -> Comparison:
    """Return two runs of one kind side by side: B − A of every number, where places of both meet.

    As the last expression of a notebook's cell it shows its first picture; its ``tables()`` have
    the numbers.

    Raises:
        InputError: they are not of one kind.
    """
    from .derived.comparison import CompareRequest, compare
    from .storage.files import content_id

    request = CompareRequest(model=a.request.model, a=content_id(a), b=content_id(b))
    return compare(request, a, b)


def study(model: LanguageModel | None, request: Request, report: Report | None = None) -> Run:
    """Answer any request, whatever its kind; ``report`` hears of progress and may stop it.

    A ``ManyRequest`` alone is answered by several runs, which ``study_many`` returns.
    """
    from .decoding.plans import with_defaults
    from .runs import TrajectoryRequest
    from .studies import STUDIES, ignore

    if isinstance(request, TrajectoryRequest):
        request = with_defaults(request)
    asked: Any = STUDIES[request.kind]
    with nullcontext() if model is None else model.studied():
        return asked.run(model, request, report or ignore)


def study_many(
    model: LanguageModel,
    text: str,
    kinds: Sequence[str],
    *,
    report: Report | None = None,
    **fields: Any,
) -> tuple[Run, ...]:
    """Return one run for each of ``kinds``, in this order, from one reading of ``text``.

    For example ``study_many(model, text, ["text", "attention", "residual_norms"])``. The numbers
    are those of the single studies, to 1e-4 nats in float32 and bit for bit in bfloat16.

    Args:
        model: to read with.
        text: to read, as ``study_text`` does.
        kinds: of studies that read a text once.
        report: hears of progress and may stop it.
        fields: of the requests; each study takes those it knows, such as ``add_bos`` or ``top_k``.

    Raises:
        InputError: an unknown kind, or one that does not read a text once; or a field that none
            of them knows.
    """
    from .runs.many import many_request

    request: Any = many_request(model.spec, text, kinds, fields)
    return study(model, request, report)  # type: ignore[reportReturnType]


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
    from .reading.pattern import Part, read_pattern
    from .runs import AttentionRequest

    request = AttentionRequest(model=model.spec, text=text, **fields)
    with model.studied():
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


def __getattr__(name: str) -> Any:
    """Give ``study_<kind>`` of every kind, and rooms that load torch only to those who use them.

    ``study_<kind>(model, text, …)`` takes the fields of the kind's request as arguments; a first
    positional one is the field that the current text or prompt fills.
    """
    if name in ("samplers", "measures", "trainings"):
        return import_module(f"{__name__}.{name}")
    if name.startswith("study_"):
        from .runs import RUN_KINDS
        from .runs.asking import study_function

        kind = name.removeprefix("study_")
        if kind in RUN_KINDS:
            return study_function(kind, study)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    from .runs import RUN_KINDS

    return sorted([*globals(), *(f"study_{kind}" for kind in RUN_KINDS)])
