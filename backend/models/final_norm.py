"""What stands between the last decoder layer and the head, without knowing the family."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import NotDefinedError


def find_final_norm(
    body: nn.Module, layers: Sequence[nn.Module], read: Callable[[], Tensor], name: str
) -> list[nn.Module]:
    """Return the modules that turn the last residual stream into the final hidden states.

    One norm in most families; OPT has a projection behind it; an empty list where the last layer
    has the last word (the first GPT). They are those that run after the last layer.

    Args:
        body: the model without its head.
        layers: its decoder layers.
        read: reads a few tokens and returns their final hidden states.
        name: of the model, for the message.

    Raises:
        NotDefinedError: more happens there than modules one after the other.
    """
    holder = next(
        part
        for part in body.modules()
        if any(isinstance(each, nn.ModuleList) and layers[-1] in each for each in part.children())
    )
    residual: list[Tensor] = []
    after: list[nn.Module] = []

    def at_last_layer(_: Any, __: Any, output: Any) -> None:
        residual.append(output if isinstance(output, Tensor) else output[0])

    def at_part(part: nn.Module, *_: Any) -> None:
        if residual:
            after.append(part)

    with ExitStack() as undo:
        undo.callback(layers[-1].register_forward_hook(at_last_layer).remove)
        for part in holder.children():
            if not isinstance(part, nn.ModuleList):
                undo.callback(part.register_forward_hook(at_part).remove)
        expected = read()
    found = residual[-1]
    for part in after:
        found = part(found)
    if found.shape != expected.shape or not torch.allclose(
        found, expected, rtol=1e-2, atol=1e-2 * expected.abs().max().item()
    ):
        raise NotDefinedError(
            f"{name} does more between its last layer and its head than a norm: its residual "
            "stream cannot be read out layer by layer."
        )
    return after
