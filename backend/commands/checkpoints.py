"""``python -m backend checkpoints``: one text by a list of models or revisions."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from ..characters import one_printable_line
from ..derived import number
from ..errors import InputError
from ..runs.checkpoints import CheckpointsRequest, CheckpointsRun
from ..runs.model import ModelSpec, names_hub, read_spec
from . import base

Models = Annotated[
    list[str],
    typer.Option("--model", help="Once for each: bundled, owner/name@revision, a folder."),
]
Revisions = Annotated[
    list[str] | None, typer.Option("--revision", help="Once for each, of one model.")
]
AddBos = Annotated[
    bool, typer.Option("--add-bos", help="Begin with the beginning-of-sequence token.")
]
SpecialTokens = Annotated[
    str, typer.Option(help="Look-alikes of control tokens: plain text, or special.")
]
LongText = Annotated[str, typer.Option(help="Over a model's context: refuse, or windows.")]


@base.app.command("checkpoints")
def checkpoints_command(
    text_file: base.TextFile,
    out: base.Out,
    model: Models,
    revision: Revisions = None,
    device: base.Device = "auto",
    dtype: base.Dtype = "auto",
    json_out: base.JsonOut = None,
    report_out: base.ReportOut = None,
    title: base.Title = "",
    add_bos: AddBos = False,
    special_tokens: SpecialTokens = CheckpointsRequest.special_tokens,
    long_text: LongText = CheckpointsRequest.long_text,
) -> None:
    """Read a text with one checkpoint after the other."""
    request = CheckpointsRequest(
        text=base.read_text(text_file),
        checkpoints=tuple(_on(each, device, dtype) for each in _models(model, revision or [])),
        add_bos=add_bos,
        special_tokens=special_tokens,  # type: ignore[reportArgumentType]  the study checks it
        long_text=long_text,  # type: ignore[reportArgumentType]
    )
    run = base.answer(request, out, json_out, title, report_out)
    assert isinstance(run, CheckpointsRun)  # noqa: S101  the type of this request's answer
    means = [number(run, name).values for name in ("mean_surprisal", "mean_entropy", "by_byte")]
    for name, surprisal, entropy, by_byte in zip(run.names, *means, strict=True):
        line = f"{name}: surprisal {surprisal:.3f}, entropy {entropy:.3f}, {by_byte:.3f} by byte"
        typer.echo(one_printable_line(line))
    typer.echo(f"{out}: {len(run.names)} checkpoints, {len(run):,} tokens, {run.seconds:.1f} s")


def _models(models: list[str], revisions: list[str]) -> list[ModelSpec]:
    """Return the models asked for; one model is repeated for each revision.

    Raises:
        InputError: revisions of several models, or of one that has none.
    """
    specs = [read_spec(each) for each in models]
    if not revisions:
        return specs
    if len(specs) > 1 or specs[0].revision is not None or not names_hub(specs[0].source):
        raise InputError("--revision belongs to one --model of the hub, without a revision.")
    return [replace(specs[0], revision=each) for each in revisions]


def _on(spec: ModelSpec, device: str, dtype: str) -> ModelSpec:
    return replace(spec, device=device, dtype=dtype if spec.dtype == "auto" else spec.dtype)
