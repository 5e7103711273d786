"""What the reader looks at: one text or prompt, and the runs that are about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from typing import Any, Protocol
from zlib import crc32

from backend.errors import InputError
from backend.lenses import LENSES, Lens
from backend.runs import ModelSpec, Request, Run, TokenizedRun
from backend.runs.fields import as_edited, filled_field
from backend.storage.files import adapter
from backend.storage.permalink import encode, exact_request

LONGEST_LINE = 300
LONGEST_LIST = 50_000
"""Characters of a list that a form shows for editing."""

MAIN = {"text": "text", "prompt": "trajectories"}
"""The kind of run whose request says how a subject is read, by the field that the subject fills."""


class Results(Protocol):
    """What a reading needs of ``backend.cached``."""

    def content_of(self, key: str) -> str | None:
        """Return the content of the run that answers a request, if one is in memory."""
        ...

    def estimate_seconds(self, request: Request) -> float | None:
        """Return about how long a study would take; None where that is not known."""
        ...

    def run_of(self, content: str) -> Run | None:
        """Return a run by its content, if it is in memory."""
        ...

    def alone(self) -> bool:
        """Tell whether one person has the server alone."""
        ...

    def handle(self, key: str) -> str:
        """Return the name under which an address holds the key of a request."""
        ...


@dataclass(frozen=True)
class Reading:
    """A subject and its runs.

    Attributes:
        subject: what kind of subject: "text", "prompt", or the kind of the one lens it is for.
        requests: what was asked, by kind; that of the main kind is always there.
        contents: runs that are here already, by kind.
        branches: runs that were asked for from the main one, going on from a step of it.
        address: how an address names it.
        token: pinned at first; None for the most surprising one.
    """

    subject: str
    requests: Mapping[str, Request]
    contents: Mapping[str, str] = field(default_factory=dict)
    branches: tuple[str, ...] = ()
    address: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    note: str = ""
    token: int | None = None

    @property
    def main(self) -> Request:
        """The request that says how the subject is read."""
        return self.requests[MAIN.get(self.subject, self.subject)]

    @property
    def text(self) -> str:
        """The text or prompt itself; of many texts, how many and the first."""
        texts = getattr(self.main, "texts", ())
        if texts:
            return f"{len(texts):,} texts: {texts[0][:LONGEST_LINE]}"
        field = filled_field(type(self.main))
        return getattr(self.main, field.name) if field else ""

    @property
    def name(self) -> str:
        """A name that changes with the subject or how it is read."""
        return self.main.key

    def more(self, source: Results) -> Mapping[str, Any]:
        """Return what else the browser is told of it."""
        return {}

    def arrived(self, source: Any, contents: Mapping[str, str]) -> Reading:
        """Return it with the runs that a job brought, by kind."""
        return replace(self, contents={**self.contents, **contents})

    def request(self, lens: Lens) -> Request | None:
        """Return what would be asked for a lens; None while a field that it needs is not given."""
        if lens.kind in self.requests:
            return self.requests[lens.kind]
        try:
            return lens.request_type(**_shared(self.main, lens.request_type))
        except TypeError:
            return None


def subject_of(lens: Lens) -> str:
    """Return which reading a lens is about."""
    return lens.subject or lens.kind


def needs_more(lens: Lens) -> bool:
    """Tell whether a lens asks more than the reader's model of the text or prompt alone.

    It has further fields to be told, or asks something else than that model.
    """
    more = any(each.needed and not each.filled for each in lens.fields.values())
    return more or not lens.request_type.reads_model


def _shared(request: Request, wanted: type[Request]) -> dict[str, Any]:
    """Return what a request tells of one of another type: the subject, and fields of one name."""
    own, other = filled_field(type(request)), filled_field(wanted)
    subjects = {each.name for each in (own, other) if each is not None}
    same = {each.name for each in fields(request)} & {each.name for each in fields(wanted)}
    if not (request.reads_model and wanted.reads_model):
        same -= {"model"}
    found = {name: getattr(request, name) for name in same - subjects}
    if own is not None and other is not None and own.filled == other.filled:
        found[other.name] = getattr(request, own.name)
    return found


def asked(lens: Lens, model: ModelSpec, given: Mapping[str, Any]) -> Request:
    """Return the request for a lens from what a form says.

    Raises:
        InputError: a field is missing, or of no use.
    """
    known = {name: value for name, value in given.items() if name in lens.fields}
    for name, each in lens.fields.items():
        if each.needed and known.get(name) in (None, "", [], ()):
            raise InputError(f"{each.label} is empty. Edit, and type or paste something.")
        if known.get(name) is None and not each.empty and each.default is not MISSING:
            known.pop(name, None)
    try:
        if lens.request_type.reads_model:
            known = {"model": asdict(model), **known}
        return adapter(lens.request_type).validate_python(known)
    except ValueError as error:
        raise InputError(_first_line(error, lens)) from error


def _first_line(error: Any, lens: Lens) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    label = lens.fields[name].label if name in lens.fields else name
    return f"{label}: {first['msg']}."


def new_reading(lens: Lens, request: Request, before: Reading | None) -> Reading:
    """Return the reading that ``request`` for ``lens`` begins; other requests follow its text."""
    subject = subject_of(lens)
    main_kind = MAIN.get(subject, subject)
    if main_kind == lens.kind:
        return Reading(subject, {lens.kind: request, **_following(request, before)})
    main = LENSES[main_kind].request_type
    shared = _shared(request, main)
    asked_before = replace(before.main, **shared) if before else main(**shared)
    others = {**_following(asked_before, before), lens.kind: request}
    return Reading(subject, {main_kind: asked_before, **others})


def _following(main: Request, before: Reading | None) -> dict[str, Request]:
    """Return what was asked of the text before with more than it, asked of the new one."""
    return {
        kind: replace(each, **_shared(main, type(each)))
        for kind, each in (before.requests if before else {}).items()
        if kind != main.kind and needs_more(LENSES[kind])
    }


def reading_of(run: Run, content: str, address: Mapping[str, str]) -> Reading:
    """Return the reading that a run from a file, the library or an example is about."""
    lens = LENSES[run.kind]
    made = new_reading(lens, run.request, None)
    return replace(
        made, contents={run.kind: content}, address=address, title=run.title, note=run.note
    )


def described(reading: Reading, lens: Lens, source: Results, run: Run | None) -> dict[str, Any]:
    """Return what the browser is told of a reading, for the lenses of its subject."""
    own = [LENSES[kind] for kind in LENSES if subject_of(LENSES[kind]) == reading.subject]
    contents, offers = dict(reading.contents), {}
    for each in own:
        request = reading.request(each)
        if each.kind in contents or request is None:
            continue
        content = source.content_of(request.key)
        if content is not None:
            contents[each.kind] = content
        elif each is lens:
            offers[each.kind] = source.estimate_seconds(request)
    asked_for = {
        each.kind: _plain_fields(each, request)
        for each in own
        if (request := reading.request(each)) is not None
    }
    tokenized = sorted(
        (each.kind for each in own if issubclass(each.run_type, TokenizedRun)),
        key=lambda kind: kind != "text",
    )
    return {
        "id": source.handle(reading.name),
        "subject": reading.subject,
        "text": reading.text,
        "title": reading.title,
        "note": reading.note,
        "token": reading.token,
        "contents": contents,
        "tokenized": tokenized,
        "cuts": _cuts(tokenized, contents, source),
        "branches": list(reading.branches),
        "tokens": None if run is None else _tokens(run),
        "offers": offers,
        "fields": asked_for,
        "address": {**reading.address, **_branches(reading, source)},
        "link": _link(reading, lens, run),
        "share": run is not None and _needs_sharing(reading, run, source),
        "model": model_key(reading.main.model) if _reads_model(reading, lens) else "",
        "facts": {} if run is None else _facts(run),
        "without": [] if run is None else [each.name for each in lens.panels if not each.fits(run)],
        **reading.more(source),
    }


def _cuts(kinds: list[str], contents: Mapping[str, str], source: Results) -> dict[str, int]:
    """Return a number for the tokens of every run: of equal ones the same.

    What a server wrote has other tokens than the text that it answers.
    """
    runs = {kind: source.run_of(contents[kind]) for kind in kinds if kind in contents}
    return {
        kind: crc32("\0".join(run.tokens).encode("utf-8", "surrogatepass"))
        for kind, run in runs.items()
        if isinstance(run, TokenizedRun)
    }


def _reads_model(reading: Reading, lens: Lens) -> bool:
    return reading.main.reads_model and lens.request_type.reads_model


def model_key(spec: ModelSpec) -> str:
    """Return a name for a model as it was asked for."""
    return f"{spec.source}@{spec.revision or ''}/{spec.device}/{spec.dtype}"


def _plain_fields(lens: Lens, request: Request) -> dict[str, Any]:
    """Return the fields for a form; a list too long for one is left out: see ``kept``."""
    found = {}
    for name, each in lens.fields.items():
        value = getattr(request, name)
        many = each.kind == "list" and sum(map(len, value)) > LONGEST_LIST
        if each.kind != "own" and not many:
            edited = as_edited(each, value)
            found[name] = asdict(request)[name] if edited is value else edited
    return found


def kept(lens: Lens, before: Request | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form says, with the lists that were too long for it as they were asked for."""
    lists = [name for name, each in lens.fields.items() if each.kind == "list"]
    same = {name: getattr(before, name) for name in lists if given.get(name) is None and before}
    return {**given, **same}


SHARED = "shared-"
"""How the key of a run begins that whoever has its link can read."""


def _needs_sharing(reading: Reading, run: Run, source: Results) -> bool:
    """Tell whether a link shows this run to others only once it is shared.

    Alone on a machine that is a run whose request is too long for a link and that is not saved;
    among others it is every run of this reader.
    """
    key = reading.address.get("run", "")
    if "example" in reading.address or key.startswith(SHARED):
        return False
    if source.alone():
        return not key.startswith("saved-") and encode(exact_request(run)) is None
    return run.kind != "compare"


def _link(reading: Reading, lens: Lens, run: Run | None) -> dict[str, str]:
    if "example" in reading.address or reading.address.get("run", "").startswith(SHARED):
        return dict(reading.address)
    request = exact_request(run) if run is not None else reading.request(lens)
    code = None if request is None else encode(request)
    return dict(reading.address) if code is None else {"study": code}


def _branches(reading: Reading, source: Results) -> dict[str, str]:
    """Return what an address holds of the branches: handles of their requests."""
    runs = (source.run_of(each) for each in reading.branches)
    keys = [source.handle(each.request.key) for each in runs if each is not None]
    return {"branches": ".".join(keys)} if keys else {}


def _tokens(run: Run) -> int | None:
    """Return how many tokens the text or prompt of a run has; None where it has neither."""
    axes = run.axes()
    return axes.get("T", axes.get("P"))


def _facts(run: Run) -> dict[str, str]:
    model = run.model
    return {
        "Model": model.name,
        "Weights": model.weights,
        "Computed as": f"{model.dtype} on {model.device}",
        "Layers × heads": f"{model.layers} × {model.heads}",
        "Vocabulary": f"{model.vocab_size:,} tokens",
        "Time": f"{run.seconds:.2f} s",
        "Computed": run.created.replace("T", " ")[:16],
    }
