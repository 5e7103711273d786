"""A shell command for every kind of run, its options made from the fields of the request."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from typing import Annotated, Any

import numpy as np
import typer

from ..characters import one_printable_line
from ..derived import number, number_names
from ..errors import InputError
from ..quantities import Quantity
from ..runs import RUN_KINDS, Run, TokenizedRun
from ..runs.arrays import array_specs
from ..runs.asking import request_type
from ..runs.fields import Field, filled_field, request_fields
from ..storage.files import adapter
from . import base

_TYPES: dict[str, Any] = {
    "switch": bool, "choice": str, "whole": int, "number": float, "line": str, "text": str,
    "list": list[str], "models": list[str],
}  # fmt: skip


@dataclass(frozen=True)
class Option:
    """An option that is read in its own way.

    Attributes:
        annotation: with what typer makes of it.
        default: ``inspect.Parameter.empty`` where it has to be given.
        read: turns what typer gives into the field.
    """

    annotation: Any
    default: Any
    read: Callable[[Any], Any]


@dataclass(frozen=True)
class Own:
    """What a kind does in its own way.

    Attributes:
        options: by the name of the parameter; ``fields`` says which field each fills.
        fields: parameter to field, where the names differ.
        report: lines to print about a finished run.
        count: what it has how many of, such as "4 texts".
    """

    options: Mapping[str, Option] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    report: Callable[[Any], list[str]] | None = None
    count: Callable[[Any], str] | None = None


def add(kind: str, own: Own | None = None) -> None:
    """Add ``python -m backend <kind>``."""
    own = own or Own()
    request = request_type(kind)
    declared = request_fields(request)
    subject = filled_field(request)
    filled = subject.name if subject else None
    covered = {filled, *(own.fields.get(name, name) for name in own.options)}
    # Fields that a panel edits have no option unless one is given here: they keep their default.
    plain = {
        name: each for name, each in declared.items() if name not in covered and each.kind != "own"
    }

    def command(**given: Any) -> None:
        spec = base.model_spec(
            *(given.pop(name) for name in ("model", "revision", "device", "dtype"))
        )
        files = {name: given.pop(name) for name in base.FILE_OPTIONS}
        fields = {
            own.fields.get(name, name): own.options[name].read(given.pop(name))
            for name in own.options
        }
        if filled:
            fields[filled] = base.read_text(given.pop("text_file"))
        fields |= {
            name: value for name, value in given.items() if value is not None or plain[name].empty
        }
        try:
            model = {"model": vars(spec)} if request.reads_model else {}
            asked = adapter(request).validate_python({**model, **fields})
        except ValueError as error:
            raise _refusal(error, declared) from error
        run = base.answer(asked, **files)
        for line in own.report(run) if own.report else ():
            typer.echo(one_printable_line(line))
        count = [own.count(run)] if own.count else []
        typer.echo(f"{files['out']}: {', '.join([*count, *summary(run)])}")

    parameters = [*base.parameters(text=filled is not None)]
    parameters += [
        _parameter(name, each.annotation, each.default) for name, each in own.options.items()
    ]
    parameters += [_parameter(name, *_declared(each)) for name, each in plain.items()]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[reportFunctionMemberAccess]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    command.__doc__ = (inspect.getdoc(request) or "").splitlines()[0]
    base.app.command(kind.replace("_", "-") if "_" in kind else kind)(command)
    if "_" in kind:
        base.app.command(kind, hidden=True)(command)


def summary(run: Run) -> list[str]:
    """Return a run in a few words: its tokens and the figures of the whole."""
    parts = [f"{len(run):,} tokens"] if isinstance(run, TokenizedRun) else []
    parts += _layers(run)
    for name in number_names(run, ()):
        found = number(run, name)
        parts.append(f"{found.quantity.name.lower()} {_written(found.quantity, found.values)}")
    return [*parts, f"{run.seconds:.1f} s"]


def _layers(run: Run) -> list[str]:
    """Return how many layers and heads a run tells of, if it does."""
    for name, spec in array_specs(type(run)).items():
        if spec.axes[:2] == ("L", "H"):
            layers, heads = getattr(run, name).shape[:2]
            return [f"{layers} layers of {heads} heads"]
    return []


def _written(quantity: Quantity, value: np.ndarray) -> str:
    shown = float(quantity.shown(value, "nats"))
    unit = quantity.unit_in("nats")
    written = f"{shown:,.0f}" if shown.is_integer() else f"{shown:.3f}"
    return written + (f" {unit}" if unit else "")


def _declared(each: Field) -> tuple[Any, Any]:
    kind = _TYPES[each.kind]
    words = f"{each.help}" + (f" One of: {', '.join(each.choices)}." if each.choices else "")
    name = f"--{each.name.replace('_', '-')}"
    option = typer.Option(name, help=words) if each.kind == "switch" else typer.Option(help=words)
    needed = each.default is MISSING
    if each.kind == "list":
        return Annotated[kind, option], inspect.Parameter.empty if needed else list(each.default)
    annotation = Annotated[kind | None if each.empty else kind, option]
    return annotation, inspect.Parameter.empty if needed else each.default


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def _refusal(error: Any, declared: Mapping[str, Field]) -> InputError:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    choices = declared[name].choices if name in declared else ()
    known = f" It is one of {', '.join(choices)}." if choices else ""
    return InputError(f"{name}: {first['msg']}.{known}")


def add_all() -> None:
    """Add a command for every kind that has none yet."""
    known = {each.name for each in base.app.registered_commands}
    for kind in RUN_KINDS:
        if kind not in known:
            add(kind)
