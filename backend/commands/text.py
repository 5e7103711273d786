"""``python -m backend text``: how uncertain was the model at every token of a text?"""

from __future__ import annotations

from typing import Annotated

import typer

from ..derived.series import summarise
from ..runs import TextRequest
from . import base

TopK = Annotated[int, typer.Option(help="Most likely tokens kept per position.")]
AddBos = Annotated[
    bool, typer.Option("--add-bos", help="Begin with the beginning-of-sequence token.")
]
Chat = Annotated[bool, typer.Option("--chat", help="Read the text as a message of a chat.")]
SpecialTokens = Annotated[
    str, typer.Option(help="Look-alikes of control tokens: plain text, or special.")
]
LongText = Annotated[str, typer.Option(help="Over the model's context: refuse, or windows.")]
WindowOverlap = Annotated[
    int | None, typer.Option(help="Least context in a later window; default: half.")
]
Curve = Annotated[bool, typer.Option("--curve", help="Keep every cumulative distribution.")]


@base.app.command("text")
def text_command(
    text_file: base.TextFile,
    out: base.Out,
    json_out: base.JsonOut = None,
    title: base.Title = "",
    model: base.Model = "bundled",
    revision: base.Revision = None,
    device: base.Device = "auto",
    dtype: base.Dtype = "auto",
    top_k: TopK = TextRequest.top_k,
    add_bos: AddBos = False,
    chat: Chat = False,
    special_tokens: SpecialTokens = TextRequest.special_tokens,
    long_text: LongText = TextRequest.long_text,
    window_overlap: WindowOverlap = None,
    curve: Curve = False,
) -> None:
    """Measure the model's uncertainty at every token of a text."""
    request = TextRequest(
        model=base.model_spec(model, revision, device, dtype),
        text=base.read_text(text_file),
        top_k=top_k,
        add_bos=add_bos,
        chat=chat,
        special_tokens=special_tokens,  # type: ignore[reportArgumentType]  the study checks it
        long_text=long_text,  # type: ignore[reportArgumentType]
        window_overlap=window_overlap,
        curve=curve,
    )
    run = base.answer(request, out, json_out, title)
    figures = summarise(run)  # type: ignore[reportArgumentType]
    typer.echo(
        f"{out}: {figures.tokens:,} tokens, mean entropy {figures.mean_entropy:.3f} nats, "
        f"perplexity {figures.perplexity:.2f}, {run.seconds:.1f} s"
    )
