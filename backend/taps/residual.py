"""The residual stream: the hidden state before the first layer and after every layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor

from .base import Tap

if TYPE_CHECKING:
    from ..models.language import LanguageModel


class ResidualTap(Tap):
    """Sees L + 1 hidden states. The last one comes before the final norm; see ``final_norm``."""

    def on_residual(self, depth: int, hidden: Tensor) -> None:
        """Look at ``hidden`` [1, T, D] at ``depth``: 0 is the embedding, L the last layer's."""

    @staticmethod
    @contextmanager
    def watching(model: LanguageModel, taps: Sequence[ResidualTap]) -> Iterator[None]:
        def before(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            show(0, args[0] if args else kwargs["hidden_states"])

        def after(depth: int) -> Callable[..., None]:
            return lambda _, __, output: show(depth, output)

        def show(depth: int, output: Tensor | tuple[Tensor, ...]) -> None:
            hidden = output if isinstance(output, Tensor) else output[0]
            for tap in taps:
                tap.on_residual(depth, hidden)

        layers = model.layers
        handles = [layers[0].register_forward_pre_hook(before, with_kwargs=True)]
        handles += [
            layer.register_forward_hook(after(depth)) for depth, layer in enumerate(layers, 1)
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
