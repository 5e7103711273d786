"""``python -m backend attention``: how widely did every head look at every token of a text?"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import typer

from ..runs import AttentionRequest
from . import base

AddBos = Annotated[
    bool, typer.Option("--add-bos", help="Begin with the beginning-of-sequence token.")
]
SpecialTokens = Annotated[
    str, typer.Option(help="Look-alikes of control tokens: plain text, or special.")
]


@base.app.command("attention")
def attention_command(
    text_file: base.TextFile,
    out: base.Out,
    json_out: base.JsonOut = None,
    title: base.Title = "",
    model: base.Model = "bundled",
    revision: base.Revision = None,
    device: base.Device = "auto",
    dtype: base.Dtype = "auto",
    add_bos: AddBos = False,
    special_tokens: SpecialTokens = AttentionRequest.special_tokens,
) -> None:
    """Measure the attention entropy of every head at every token of a text."""
    request = AttentionRequest(
        model=base.model_spec(model, revision, device, dtype),
        text=base.read_text(text_file),
        add_bos=add_bos,
        special_tokens=special_tokens,  # type: ignore[reportArgumentType]  the study checks it
    )
    run = base.answer(request, out, json_out, title)
    layers, heads, tokens = run.entropy.shape  # type: ignore[reportAttributeAccessIssue]
    typer.echo(
        f"{out}: {tokens:,} tokens, {layers} layers of {heads} heads, "
        f"mean entropy {np.nanmean(run.entropy):.3f} nats, {run.seconds:.1f} s"  # type: ignore[reportAttributeAccessIssue]
    )
