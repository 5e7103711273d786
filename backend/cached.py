"""What pages and routes call: one engine for the whole server, and things worth loading once.

The only module of the backend that knows Streamlit. Keys are names and content hashes, never
arrays: Streamlit hashes large ones by sample. Errors pass through as they are, for ``st.error``.

A run is known by the key of its request, which finds it while the model is the same; by the name of
its content, which alone says what a browser may cache; and, in the library, by its ``saved_key``.
"""

from __future__ import annotations

import atexit
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import streamlit as st
from streamlit import runtime

from . import readers, servers
from .charts.preview import preview
from .classroom import Classroom
from .classroom.followed_runs import FollowedRuns
from .classroom.streams import Streams
from .derived.comparison import comparison_of
from .errors import EntroscopeError, InputError
from .events import Event, Unknown, named_contents
from .lenses.looks import Look
from .lenses.parcel import MEDIA_TYPE, pack
from .lenses.parcel import VERSION as PARCEL_VERSION
from .lessons import LESSONS, Lesson
from .lessons.own import OWN, OwnLessons
from .models.offers import ModelChoice, any_model, check_model, is_offered, model_choices
from .readers import Reader
from .runs import (
    AttentionRequest,
    AttentionRun,
    ModelFacts,
    ModelSpec,
    Request,
    Run,
)
from .runs.intervals import IntervalsRequest
from .runs.sampler_info import Filtered, SamplerInfo
from .runs.trajectories import Plan, TrajectoryRequest
from .settings import settings
from .storage.examples import EXAMPLES, ExampleInfo, list_examples, open_example
from .storage.grants import Grants
from .storage.library import Library
from .storage.permalink import exact_request
from .storage.run_store import RunStore
from .storage.stamps import Stamp, stamp
from .storage.strict_json import parse
from .storage.view import EVERYONE, UNOWNED, View
from .web.assets import assets_version
from .web.parcels import array_parcel, run_parcel
from .web.source import Parcel

# Beside what stands here, ``cached`` offers these as they are.
__all__ = [
    "ModelChoice",
    "any_model",
    "assets_version",
    "check_model",
    "is_offered",
    "model_choices",
]

if TYPE_CHECKING:
    from .engine import Engine, Job
    from .engine.executors.base import Work
    from .models import TextTokenizer

FOLLOWED = "followed-"
_SAVED = "saved-"
SHARED = "shared-"

MOST_COUNTED = 1_000_000
"""Characters of a text that is counted while somebody types."""

_started: list[Engine] = []
"""The engine, once there is one: torch takes seconds, and a lookup does not start it."""


def current_reader() -> Reader:
    """Return who asks: the sender of the request that is answered, or the session's browser."""
    if settings().mode == "local":
        return readers.LOCAL
    return readers.current.get() or readers.reader_of_cookies(st.context.cookies)


# The engine, and what it does for routes


def _close(engine: Engine) -> None:
    _started.clear()
    atexit.unregister(engine.close)
    engine.close()


@st.cache_resource(show_spinner=False, on_release=_close)
def engine() -> Engine:
    """Return the engine that all sessions share."""
    from .engine import Engine

    made = Engine(store=store())
    atexit.register(made.close)
    _started.append(made)
    return made


def _started_engine() -> Engine | None:
    """Return the engine if it was ever needed: only then can it hold something."""
    return engine() if _started else None


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """Return the runs in memory: computed, uploaded, saved and shipped ones."""
    return RunStore(settings().result_bytes, PARCEL_VERSION)


@st.cache_resource(show_spinner=False)
def _grants() -> Grants:
    return Grants()


def alone() -> bool:
    """Tell whether one person has the server alone: nothing here is anybody else's."""
    return settings().mode == "local"


def _give(content: str) -> str:
    """Let whoever asks fetch a content from now on, and return its name."""
    return content if alone() else _grants().give(current_reader().owner, content)


def _given(content: str) -> bool:
    """Tell whether whoever asks was given a content: to guess its name is not enough."""
    return alone() or _grants().meaning(current_reader().owner, content) is not None


def forget_reader() -> None:
    """Take back what whoever asks was given, as they leave."""
    _grants().forget(current_reader().owner)


def handle(key: str) -> str:
    """Return the name under which an address of whoever asks may hold the key of a request.

    Alone on a machine it is the key itself; among others it is random to all of them.
    """
    return key if alone() else _grants().handle(current_reader().owner, key)


def parcel(content: str, part: str, parameters: Mapping[str, str]) -> Parcel | None:
    """Return a part of a run or array for the browser; see ``web.parcels``.

    Raises:
        InputError: a parameter is of no use.
    """
    run, array = run_of(content) or comparison_of(content, run_of), array_of(content)
    if run is not None:
        return run_parcel(run, part, parameters, _report)
    return None if array is None else array_parcel(array, part)


def _report(run: Run, unit: str) -> str:
    from .report import report_html  # loads what draws pictures

    return report_html(run, unit)


def pattern(content: str, parameters: Mapping[str, str]) -> Parcel | None:
    """Return the weights of a head of an attention run as ``{size, weights}``, read anew.

    Args:
        content: of the run.
        parameters: ``layer`` and ``head``; ``start`` and ``stop`` of the queries, or ``cells`` of
            an overview; unchecked.

    Raises:
        InputError: a parameter is of no use.
        OverBudgetError: too much is waiting already.
    """
    run = run_of(content)
    if not isinstance(run, AttentionRun):
        return None
    try:
        given = {name: int(value) for name, value in parameters.items()}
    except ValueError as error:
        raise InputError("layer, head, start, stop and cells are whole numbers.") from error
    layer, head = given.pop("layer", 0), given.pop("head", 0)
    cells, start, stop = (given.pop(name, None) for name in ("cells", "start", "stop"))
    if given:
        raise InputError(f"A pattern knows no {min(given)!r}.")
    rows = None if start is None or stop is None else (start, stop)
    return _pattern(content, run, stamp(run.request.model), layer, head, rows, cells)


# A whole class opens the same example, and the model would read it for each of them.
@st.cache_data(show_spinner=False, max_entries=100)
def _pattern(
    content: str,
    _run: AttentionRun,
    files: Stamp,
    layer: int,
    head: int,
    rows: tuple[int, int] | None,
    cells: int | None,
) -> Parcel:
    request = exact_request(_run)
    weights = submit_pattern(request, layer, head, rows, cells, stay=True).result()  # type: ignore[reportArgumentType]
    return Parcel(pack({"size": len(_run)}, {"weights": weights}), MEDIA_TYPE)


def count(body: bytes) -> dict[str, Any]:
    """Return how many tokens a text has for a model, in words and as a number; see ``web.source``.

    Raises:
        InputError: ``body`` says nothing of use, or the model is not offered.
    """
    try:
        said = parse(body)
        spec = ModelSpec(str(said["model"]["source"]), said["model"].get("revision"))
        text = str(said["text"])
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InputError("A count needs a text and a model.") from error
    if len(text) > MOST_COUNTED:
        check_model(spec)
        words = f"{len(text):,} characters; at most {MOST_COUNTED:,} are counted beforehand"
        return {"words": words}
    found, limit = count_tokens(spec, text), context_length(spec)
    if found is None:
        return {"words": f"{len(text):,} characters; counted once the model is here"}
    over = limit is not None and found > limit
    of = f" of {limit:,}" if limit is not None else ""
    words = f"{found:,} tokens; this model reads {limit:,}" if over else f"{found:,}{of} tokens"
    return {"words": words, "over": over, "tokens": found}


def warm_up() -> None:
    """Begin to load the bundled model, so that nobody has to wait for it; takes seconds."""
    if settings().preload:
        engine().warm(ModelSpec())


def announce_shutdown() -> None:
    """Tell all who listen to a job, or to the class, that the server goes down."""
    for each in _started:
        each.announce_shutdown()
    if settings().mode == "class":
        class_streams().close()


def close() -> None:
    """Stop all work and free the models."""
    for each in _started:
        _close(each)


async def listen(job_id: str) -> AsyncIterator[Event]:
    """Yield what happens to a job of whoever asks; see ``Engine.listen``."""
    if not _owns(job_id):
        yield Unknown()
        return
    async for event in _started[0].listen(job_id):
        for each in named_contents(event):
            _give(each)
        yield event


def stop(job_id: str) -> bool:
    """Cancel the share that whoever asks has in a job; return whether there was one."""
    return _owns(job_id) and _started[0].stop(job_id)


def _owns(job_id: str) -> bool:
    return bool(_started) and (alone() or _started[0].owns(current_reader(), job_id))


def _session_closed(release_sessions: Callable[[], None]) -> None:
    for each in _started:
        held = float(st.get_option("server.disconnectedSessionTTL"))
        each.session_closed(after=held + 1, release_sessions=release_sessions)


@st.cache_resource(show_spinner=False, scope="session", on_release=_session_closed)
def _session(_release_sessions: Callable[[], None]) -> Callable[[], None]:
    return _release_sessions


def session_opened(release_sessions: Callable[[], None]) -> None:
    """Note that a session is open; called by every script run. Its end is noted by itself.

    Args:
        release_sessions: makes the server let go of sessions that will not come back; called a
            while after the end.
    """
    if runtime.exists():  # else the script runs by itself, in a test or a shell
        _session(release_sessions)


# Studies and their runs


def submit(request: Request, *, stay: bool = False) -> Job:
    """Ask for a study; listeners follow it by its ``id``, and its ``result()`` is the run.

    Args:
        request: of any kind.
        stay: whether it goes on when nobody listens to it; see ``Engine.submit``.

    Raises:
        InputError: this server does not offer the model.
        OverBudgetError: too much is waiting already.
    """
    if isinstance(request, IntervalsRequest):
        servers.check_owner(request.server, current_reader().owner)
    return engine().submit(request, reader=current_reader(), stay=stay)


def submit_pattern(
    request: AttentionRequest,
    layer: int,
    head: int,
    rows: tuple[int, int] | None = None,
    cells: int | None = None,
    *,
    stay: bool = False,
) -> Job:
    """Ask the model for the weights of one head; the job's ``result()`` is an array.

    See ``backend.attention_pattern`` for ``rows`` and ``cells``. Listeners are told the content
    of the array as that of "pattern".

    Raises:
        InputError: this server does not offer the model.
        OverBudgetError: too much is waiting already.
    """
    from .reading.pattern import Part, read_pattern

    part = Part(rows, cells)
    return engine().call(
        request.model, read_pattern, request, layer, head, part,
        name="pattern", reader=current_reader(), stay=stay,
    )  # fmt: skip


def estimate_seconds(request: Request) -> float | None:
    """Return about how long a study will take, from what earlier ones took on this machine.

    None where nothing like it was measured yet, while its model is not loaded, and where it would
    be refused, which ``submit`` tells.
    """
    started = _started_engine()
    try:
        return started.seconds(request) if started else None
    except EntroscopeError:
        return None


def job_request(job_id: str) -> Request | None:
    """Return what a job of whoever asks is about; None when it is forgotten."""
    return engine().job_request(job_id) if _owns(job_id) else None


def job_contents(job_id: str) -> Mapping[str, str] | None:
    """Return the contents of what a job made, by kind; None unless it is done."""
    contents = engine().job_contents(job_id) if _owns(job_id) else None
    for each in (contents or {}).values():
        _give(each)
    return contents


def find_run(key: str) -> Run | None:
    """Return a run by what an address says: its ``handle``, content or ``saved_key``; None if gone.

    Whoever asks must have been given it.
    """
    if key.startswith(SHARED):
        shared = _library().shared(key.removeprefix(SHARED))
        return store().open(*shared) if shared else None
    if key.startswith(FOLLOWED):
        return _followed(key.removeprefix(FOLLOWED))
    if key.startswith(_SAVED):
        entry = library().find(key.removeprefix(_SAVED))
        return store().open(library().file(entry.id), entry.title) if entry else None
    found = run_of(key)
    meant = key if alone() else _grants().meaning(current_reader().owner, key)
    if found is not None or meant is None:
        return found
    started = _started_engine()
    return started.find(meant, current_reader()) if started else None


def content_of(key: str) -> str | None:
    """Return the content of what answers a request that whoever asks knows, by its key.

    Or of ``find_run(key)``. In public another reader's answer is none.
    """
    if run_of(key) is not None:
        return key
    started = _started_engine()
    run = find_run(key) or (started.find(key, current_reader()) if started else None)
    return None if run is None else put_run(run)


def run_of(content: str) -> Run | None:
    """Return a run, finished or not, by the name of its content; None when it is forgotten.

    None as well where whoever asks was not given it.
    """
    if not _given(content):
        return None
    value = store().get(content)
    if value is None and (started := _started_engine()):
        value = started.partial(content)
    return value if isinstance(value, Run) else None


def array_of(content: str) -> np.ndarray | None:
    """Return an array, such as an attention pattern, by the name of its content."""
    value = store().get(content) if _given(content) else None
    return value if isinstance(value, np.ndarray) else None


def put_run(run: Run) -> str:
    """Keep a run in memory, give it to whoever asks, and return the name of its content."""
    return _give(store().put(run))


# For whoever looks after the server: who may ask is for the routes to decide


def work() -> list[Work]:
    """Return what runs and waits, of all readers."""
    return engine().work()


def loaded() -> list[ModelFacts]:
    """Return the facts of all loaded models."""
    return engine().loaded()


def memory() -> dict[str, int]:
    """Return the bytes that are "free", and "promised" to work."""
    return engine().memory()


def stop_order(order_id: str) -> bool:
    """End an order, whoever waits for it; return whether there was one."""
    return engine().stop_order(order_id)


def unload(spec: ModelSpec) -> bool:
    """Free a model; return False, and leave it, while it has work or was not loaded."""
    return engine().unload(spec)


# Shipped and saved runs


@st.cache_resource(show_spinner=False)
def example_names() -> list[ExampleInfo]:
    """Return the shipped examples, sorted by name. Not to be changed: all sessions share it."""
    return list_examples(EXAMPLES)


def example_run(name: str) -> Run:
    """Return a shipped example.

    Raises:
        InputError: there is none of that name.
    """
    return open_example(EXAMPLES, name, store())


def example_content(name: str) -> str:
    """Return the name of the content of a shipped example. Raises as ``example_run``."""
    return put_run(example_run(name))


@st.cache_resource(show_spinner=False)
def comparison_names() -> list[str]:
    """Return the names of the shipped runs for Compare, such as "dtype_a"."""
    return sorted(path.stem for path in (EXAMPLES / "compare").glob("*.safetensors"))


def comparison_run(name: str) -> Run:
    """Return a shipped run for Compare.

    Raises:
        InputError: there is none of that name.
    """
    return open_example(EXAMPLES / "compare", name, store())


@st.cache_resource(show_spinner=False)
def _library() -> Library:
    limits = settings()
    return Library(limits.data_dir / "runs", preview, limits.library_bytes)


def library() -> Library:
    """Return the library of saved runs as whoever asks has it.

    Alone on a machine it is all of it. In a class everybody sees, beside what they saved
    themselves, what has no owner; in public only the administrator does.
    """
    if alone():
        return _library()
    reader = current_reader()
    ownerless = settings().mode == "class" or reader.administers
    sees = (reader.owner, EVERYONE, *((UNOWNED,) if ownerless else ()))
    if reader.administers:
        return _library().seen_by(View(reader.owner, sees, sees))
    return _library().seen_by(View(reader.owner, sees, (reader.owner,), settings().reader_bytes))


@st.cache_resource(show_spinner=False)
def own_lessons() -> OwnLessons:
    """Return the lessons that teachers made here, which all sessions share."""
    return OwnLessons(settings().data_dir / "lessons")


def shared_key(handle: str) -> str:
    """Return the key under which ``find_run`` finds a run that somebody shares."""
    return f"{SHARED}{handle}"


# The class


@st.cache_resource(show_spinner=False)
def class_streams() -> Streams:
    """Return who listens to the class."""
    return Streams()


@st.cache_resource(show_spinner=False)
def classroom() -> Classroom:
    """Return the classroom, which all sessions share."""
    folder = settings().data_dir / "class"
    return Classroom(folder, _lesson, _run_at, class_streams().changed)


@st.cache_resource(show_spinner=False)
def followed_runs() -> FollowedRuns:
    """Return where the runs that a class follows are kept."""
    return FollowedRuns(settings().data_dir / "class")


def followed_key(content: str) -> str:
    """Return the key under which everybody in a class finds a run that is followed."""
    return f"{FOLLOWED}{content}"


def _followed(content: str) -> Run | None:
    kept = followed_runs()
    if settings().mode != "class" or not kept.holds(content):
        return None
    known = store().get(content)
    return known if isinstance(known, Run) else kept.find(content)


def _lesson(name: str) -> Lesson:
    if name.startswith(OWN):
        return own_lessons().find(name.removeprefix(OWN)).lesson
    return LESSONS[name]


def _run_at(look: Look) -> Run | None:
    """Return the run that a look shows; None where it is gone."""
    try:
        if "example" in look.query:
            return example_run(look.query["example"])
        return find_run(look.query.get("run", ""))
    except EntroscopeError:
        return None


def saved_key(run_id: str) -> str:
    """Return the key under which ``find_run`` finds a run of the library."""
    return f"{_SAVED}{run_id}"


# Models


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

    check_model(spec)
    if not is_here(spec):
        return None
    return _counted(spec.source, spec.revision, stamp(spec), text, special_tokens, chat, add_bos)


def context_length(spec: ModelSpec) -> int | None:
    """Return how many tokens a model reads; None: no limit, or not known. Raises as above."""
    from .models import is_here

    check_model(spec)
    return _context(spec.source, spec.revision, stamp(spec)) if is_here(spec) else None


def model_facts(spec: ModelSpec) -> ModelFacts | None:
    """Return what is known of a model, or None while it is not loaded."""
    started = _started_engine()
    return started.facts(spec) if started else None


# Files that were overwritten are read again: their stamp is in the key.


@st.cache_resource(show_spinner=False, max_entries=8)
def _tokenizer(source: str, revision: str | None, files: Stamp) -> TextTokenizer:
    from .models import load_tokenizer

    return load_tokenizer(ModelSpec(source=source, revision=revision))


@st.cache_data(show_spinner=False, max_entries=1_000)
def _counted(
    source: str,
    revision: str | None,
    files: Stamp,
    text: str,
    special_tokens: Literal["text", "special"],
    chat: bool,
    add_bos: bool,
) -> int:
    tokenizer = _tokenizer(source, revision, files)
    return tokenizer.count(text, special_tokens=special_tokens, chat=chat, add_bos=add_bos)


@st.cache_resource(show_spinner=False, max_entries=8)
def _context(source: str, revision: str | None, files: Stamp) -> int | None:
    from .models import read_context

    return read_context(ModelSpec(source=source, revision=revision))


# Servers that readers type: address and key stay in memory, and go with the session


def _forget_servers(handles: list[str]) -> None:
    for each in handles:
        servers.forget(each)


@st.cache_resource(show_spinner=False, scope="session", on_release=_forget_servers)
def _typed_servers() -> list[str]:
    return []


def connect_server(name: str, address: str, key: str, model: str, vocabulary: int) -> str:
    """Make a server known to this session, and return its name for requests.

    Raises:
        InputError: the address may not be used.
    """
    made = servers.connect_typed(
        current_reader().owner, name, address, key=key, model=model, vocabulary=vocabulary
    )
    _typed_servers().insert(0, made)
    return made


def server_names() -> list[str]:
    """Return the servers that this session may ask: those typed last come first."""
    typed = _typed_servers() if runtime.exists() else []  # else the script runs by itself
    return [*typed, *servers.names()]


# Samplers


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

    return engine().call(
        spec, next_token_probabilities, tuple(ids),
        name="next_token", reader=current_reader(), stay=True,
    )  # fmt: skip


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
