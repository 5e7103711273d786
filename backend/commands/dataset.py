"""``python -m backend dataset``: figures of many texts; after a stop the same command goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ..errors import InputError
from ..runs import DatasetRequest, DatasetRun
from ..storage.atomic import write_atomically
from ..storage.csv_file import table_csv
from ..storage.texts_file import FIELD, read_texts_file
from . import base

File = Annotated[
    Path, typer.Option(help="One text a line (.txt), JSON lines (.jsonl) or a table (.csv).")
]
Field = Annotated[str, typer.Option(help="Where the text stands in .jsonl and .csv.")]
CsvOut = Annotated[Path | None, typer.Option("--csv", help="The table as CSV.")]
AddBos = Annotated[
    bool, typer.Option("--add-bos", help="Begin with the beginning-of-sequence token.")
]
SpecialTokens = Annotated[
    str, typer.Option(help="Look-alikes of control tokens: plain text, or special.")
]


@base.app.command("dataset")
def dataset_command(
    file: File,
    out: base.Out,
    json_out: base.JsonOut = None,
    csv_out: CsvOut = None,
    title: base.Title = "",
    field: Field = FIELD,
    model: base.Model = "bundled",
    revision: base.Revision = None,
    device: base.Device = "auto",
    dtype: base.Dtype = "auto",
    add_bos: AddBos = False,
    special_tokens: SpecialTokens = DatasetRequest.special_tokens,
) -> None:
    """Measure every text of a file; finished rows are kept, so a repeated command goes on."""
    request = DatasetRequest(
        model=base.model_spec(model, revision, device, dtype),
        texts=read_texts_file(file, field),
        add_bos=add_bos,
        special_tokens=special_tokens,  # type: ignore[reportArgumentType]  the study checks it
    )
    run = base.answer(request, out, json_out, title)
    assert isinstance(run, DatasetRun)  # noqa: S101  the type of this request's answer
    if csv_out is not None:
        try:
            write_atomically(csv_out, table_csv(run.tables()["texts"]).encode())
        except OSError as error:
            raise InputError(f"Cannot write {csv_out}: {error.strerror}.") from error
    known = np.isfinite(run.mean_entropy)
    mean = f"{run.mean_entropy[known].mean():.3f}" if known.any() else "–"
    problems = f", {len(run.problems):,} could not be read" if run.problems else ""
    typer.echo(
        f"{out}: {len(run):,} texts, {int(run.tokens.sum()):,} tokens, mean of mean entropy "
        f"{mean} nats{problems}, {run.seconds:.1f} s"
    )
