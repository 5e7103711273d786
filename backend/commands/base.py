"""What the commands share: options, reading a text, and running a request into files."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ..characters import one_printable_line
from ..errors import InputError
from ..runs import ModelSpec, Request, Run
from ..storage.plain import to_plain

app = typer.Typer(
    name="python -m backend",
    help="Entropy inside language models, from a shell.",
    no_args_is_help=True,
    add_completion=False,
)

TextFile = Annotated[Path, typer.Option(help="The text, in UTF-8; - for standard input.")]
Model = Annotated[str, typer.Option(help="bundled, a hub id, a folder or a .gguf file.")]
Revision = Annotated[str | None, typer.Option(help="Branch, tag or commit of a hub id.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
Dtype = Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")]
Out = Annotated[Path, typer.Option(help="The run, as a .safetensors file.")]
JsonOut = Annotated[Path | None, typer.Option("--json", help="The same numbers as plain JSON.")]
ReportOut = Annotated[
    Path | None, typer.Option("--report", help="The run as one HTML file for people.")
]
Title = Annotated[str, typer.Option(help="A name for the run.")]


MODEL_OPTIONS = ("model", "revision", "device", "dtype")
FILE_OPTIONS = ("out", "json_out", "report_out", "title")


@app.callback()
def commands() -> None:
    """Entropy inside language models, from a shell."""
    # With a callback, a single command keeps its name.


def read_text(path: Path) -> str:
    """Return the text of a file, line breaks as they are, or of standard input for ``-``."""
    name = "standard input" if str(path) == "-" else str(path)
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8 text (byte {error.start:,}).") from error
    except OSError as error:
        raise InputError(f"Cannot read {name}: {error.strerror}.") from error


def model_spec(model: str, revision: str | None, device: str, dtype: str) -> ModelSpec:
    """Return what the four model options ask for."""
    return ModelSpec(source=model, revision=revision, device=device, dtype=dtype)


def parameters(*, text: bool) -> Iterator[inspect.Parameter]:
    """Yield the parameters of every command; ``text`` when it reads a text file."""
    given: dict[str, tuple[Any, Any]] = {"text_file": (TextFile, inspect.Parameter.empty)}
    if not text:
        given.clear()
    given |= {
        "out": (Out, inspect.Parameter.empty),
        "json_out": (JsonOut, None),
        "report_out": (ReportOut, None),
        "title": (Title, ""),
        "model": (Model, "bundled"),
        "revision": (Revision, None),
        "device": (Device, "auto"),
        "dtype": (Dtype, "auto"),
    }
    for name, (annotation, default) in given.items():
        yield inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )


def answer(
    request: Request,
    out: Path,
    json_out: Path | None = None,
    title: str = "",
    report_out: Path | None = None,
) -> Run:
    """Load the model, answer the request and write the files."""
    from .. import study
    from ..models import load_model
    from ..studies import Progress

    def show(progress: Progress) -> None:
        typer.echo(f"\r\033[K{one_printable_line(progress.message)}", err=True, nl=False)

    live = sys.stderr.isatty()
    model = load_model(request.model) if request.reads_model else None
    run = study(model, request, show if live else None)
    if live:
        typer.echo("\r\033[K", err=True, nl=False)
    run = replace(run, title=title)
    try:
        run.save(out)
        if json_out is not None:
            json_out.parent.mkdir(parents=True, exist_ok=True)
            json_out.write_text(json.dumps(to_plain(run), ensure_ascii=False), encoding="utf-8")
        if report_out is not None:
            run.report(report_out)
    except OSError as error:
        raise InputError(f"Cannot write {error.filename or out}: {error.strerror}.") from error
    return run
