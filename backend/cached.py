"""What pages call: one engine for the whole server, and things worth loading once.

The only module of the backend that knows Streamlit. Keys are names and content hashes, never
arrays: Streamlit hashes large ones by sample. Errors pass through as they are, for ``st.error``.
"""

from __future__ import annotations

import atexit
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import streamlit as st

from .errors import InputError
from .runs import AttentionRequest, DivergenceRequest, ModelFacts, ModelSpec, Request, Run
from .runs.sampler_info import Filtered, SamplerInfo
from .runs.trajectories import Plan, TrajectoryRequest
from .settings import settings
from .storage.files import load_run
from .storage.library import Library

if TYPE_CHECKING:
    from .engine import Engine, Job
    from .models import TextTokenizer

EXAMPLES = Path(__file__).parents[1] / "examples"

_SAVED = "saved-"


@dataclass(frozen=True)
class ExampleInfo:
    """A run that ships with the project; ``name`` is for ``example_run``, ``title`` for people."""

    name: str
    title: str
    kind: str


@dataclass(frozen=True)
class ModelChoice:
    """A model to pick."""

    spec: ModelSpec
    label: str


def _close(engine: Engine) -> None:
    atexit.unregister(engine.close)
    engine.close()


@st.cache_resource(show_spinner=False, on_release=_close)
def engine() -> Engine:
    """Return the engine that all sessions share."""
    # Imported late: torch takes seconds, and a page that shows an example does without it.
    from .engine import Engine

    made = Engine()
    atexit.register(made.close)
    return made


def _started_engine() -> Engine | None:
    """Return the engine if its module was ever needed: only then can it hold something."""
    return engine() if f"{__package__}.engine" in sys.modules else None


def submit(request: Request) -> Job:
    """Ask for a study; the job's ``result()`` is the run, and ``find_run(job.key)`` finds it later.

    Raises:
        InputError: this server does not offer the model.
        OverBudgetError: too much is waiting already.
    """
    _check_offered(request.model)
    if isinstance(request, DivergenceRequest):
        _check_offered(request.other)
    return engine().submit(request.kind, request)


def find_run(key: str) -> Run | None:
    """Return a run still in memory or, for a key from ``saved_key``, in the library; else None."""
    if key.startswith(_SAVED):
        entry = library().find(key.removeprefix(_SAVED))
        return _saved_run(entry.id, entry.title) if entry else None
    started = _started_engine()
    return started.find(key) if started else None


def keep_run(run: Run) -> str:
    """Keep a run that came from a file, and return the key to find it with."""
    return engine().put(run)


@st.cache_resource(show_spinner=False)
def example_names() -> list[ExampleInfo]:
    """Return the shipped examples, sorted by name. Not to be changed: all sessions share it."""
    names = sorted(path.stem for path in EXAMPLES.glob("*.safetensors"))
    runs = {name: example_run(name) for name in names}
    return [ExampleInfo(name, run.title or name, run.kind) for name, run in runs.items()]


@st.cache_resource(show_spinner=False)
def example_run(name: str) -> Run:
    """Return a shipped example.

    Raises:
        InputError: there is none of that name.
    """
    known = [path.stem for path in EXAMPLES.glob("*.safetensors")]
    if name not in known:  # also keeps a name from a link inside the folder
        raise InputError(f"There is no example named {name!r}.")
    return load_run(EXAMPLES / f"{name}.safetensors")


def count_tokens(
    spec: ModelSpec,
    text: str,
    special_tokens: Literal["text", "special"] = "text",
    *,
    chat: bool = False,
    add_bos: bool = False,
) -> int | None:
    """Return how many tokens a study would read, or None while the tokenizer is not here.

    Asks no network: a link may name any model, and only a study fetches one.

    Raises:
        InputError, ModelError: the model is not offered, or its tokenizer cannot be used.
    """
    from .models import is_here

    _check_offered(spec)
    if not is_here(spec):
        return None
    tokenizer = _tokenizer(spec.source, spec.revision)
    return tokenizer.count(text, special_tokens=special_tokens, chat=chat, add_bos=add_bos)


def context_length(spec: ModelSpec) -> int | None:
    """Return how many tokens a model reads; None: no limit, or not known. Raises as above."""
    from .models import is_here

    _check_offered(spec)
    return _context(spec.source, spec.revision) if is_here(spec) else None


def model_facts(spec: ModelSpec) -> ModelFacts | None:
    """Return what is known of a model, or None while it is not loaded."""
    started = _started_engine()
    return started.facts(spec) if started else None


def model_choices() -> list[ModelChoice]:
    """Return the models to offer, the bundled one first."""
    named = [ModelChoice(ModelSpec(source), source) for source in settings().models]
    return [ModelChoice(ModelSpec(), "SmolLM2-135M-Instruct (bundled)"), *named]


@st.cache_resource(show_spinner=False, max_entries=8)
def _tokenizer(source: str, revision: str | None) -> TextTokenizer:
    from .models import load_tokenizer

    return load_tokenizer(ModelSpec(source=source, revision=revision))


@st.cache_resource(show_spinner=False, max_entries=8)
def _context(source: str, revision: str | None) -> int | None:
    from .models import read_context

    return read_context(ModelSpec(source=source, revision=revision))


def _check_offered(spec: ModelSpec) -> None:
    if settings().any_model or is_offered(spec):
        return
    offered = [choice.spec.source for choice in model_choices()]
    if spec.source in offered:
        raise InputError(
            f"This server offers {spec.source!r} without a choice of revision. "
            f"Leave out the revision {spec.revision!r}."
        )
    raise InputError(
        f"This server does not offer {spec.source!r}. Choose one of: {', '.join(offered)}."
    )


def last_run(spec: ModelSpec, kind: str) -> Run | None:
    """Return a run of a kind that this server computed with a model, if one is in memory."""
    started = _started_engine()
    return started.last(spec, kind) if started else None


@st.cache_resource(show_spinner=False)
def sampler_catalogue() -> tuple[SamplerInfo, ...]:
    """Return what every sampler declares, sorted by name."""
    from .decoding import one_step

    return one_step.catalogue()


def apply_samplers(
    probs: np.ndarray, plans: Sequence[Plan], states: Sequence[Mapping[str, float]] = ()
) -> list[Filtered]:
    """Return what each sampler makes of one distribution; see ``one_step.apply_samplers``.

    Raises:
        InputError: a parameter is out of range.
    """
    from .decoding import one_step

    return one_step.apply_samplers(probs, plans, states)


def temperature_sweep(
    probs: np.ndarray, plans: Sequence[Plan], temperatures: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return entropy and kept tokens [plans, temperatures]; see ``one_step``.

    Raises:
        InputError: a parameter is out of range.
    """
    from .decoding import one_step

    return one_step.temperature_sweep(probs, plans, temperatures)


def next_token(spec: ModelSpec, ids: Sequence[int]) -> Job:
    """Ask the model what may come after ``ids``; the job's ``result()`` is float64 [V].

    Raises:
        InputError: this server does not offer the model.
        OverBudgetError: too much is waiting already.
    """
    from .decoding.next_token import next_token_probabilities

    _check_offered(spec)
    return engine().call(spec, next_token_probabilities, tuple(ids))


def sampler_labels(plans: Sequence[Plan]) -> list[str]:
    """Return a short name for each plan, all different, as runs have them.

    Raises:
        InputError: an unknown sampler, or a parameter out of range.
    """
    from .decoding.plans import labels

    return labels(tuple(plans))


def written_out(request: TrajectoryRequest) -> TrajectoryRequest:
    """Return a request with every parameter of every sampler under its own name.

    Raises:
        InputError: an unknown sampler, or a parameter out of range.
    """
    from .decoding.plans import with_defaults

    return with_defaults(request)


def submit_pattern(
    request: AttentionRequest,
    layer: int,
    head: int,
    rows: tuple[int, int] | None = None,
    cells: int | None = None,
) -> Job:
    """Ask the model for the weights of one head; the job's ``result()`` is an array.

    See ``backend.attention_pattern`` for ``rows`` and ``cells``.

    Raises:
        InputError: this server does not offer the model.
        OverBudgetError: too much is waiting already.
    """
    from .reading.pattern import Part, read_pattern

    _check_offered(request.model)
    part = Part(rows, cells)
    return engine().call(request.model, read_pattern, request, layer, head, part)


@st.cache_resource(show_spinner=False)
def library() -> Library:
    """Return the library of saved runs, which all sessions share."""
    return Library(settings().data_dir / "runs")


def saved_key(run_id: str) -> str:
    """Return the key under which ``find_run`` finds a run of the library."""
    return f"{_SAVED}{run_id}"


@st.cache_resource(show_spinner=False, max_entries=8)
def _saved_run(run_id: str, title: str) -> Run:
    # The title is in the key, so that a renamed run is read again under its new name.
    return replace(load_run(library().file(run_id)), title=title)


def is_offered(spec: ModelSpec) -> bool:
    """Tell whether a model is one of ``model_choices``, on any device and in any precision."""
    choices = {(choice.spec.source, choice.spec.revision) for choice in model_choices()}
    return (spec.source, spec.revision) in choices


def any_model() -> bool:
    """Tell whether readers may name models that are not among ``model_choices``."""
    return settings().any_model


@st.cache_resource(show_spinner=False)
def comparison_names() -> list[str]:
    """Return the names of the shipped runs for Compare, such as "dtype_a"."""
    return sorted(path.stem for path in (EXAMPLES / "compare").glob("*.safetensors"))


@st.cache_resource(show_spinner=False)
def comparison_run(name: str) -> Run:
    """Return a shipped run for Compare.

    Raises:
        InputError: there is none of that name.
    """
    if name not in comparison_names():
        raise InputError(f"There is no run named {name!r} to compare.")
    return load_run(EXAMPLES / "compare" / f"{name}.safetensors")
