"""Keys of a datastore: what goes into the MLP of one layer, after its norm."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor

from ..errors import NotDefinedError
from .base import Tap
from .writing import feed_forward

if TYPE_CHECKING:
    from ..models.language import LanguageModel


class KeysTap(Tap):
    """Sees what goes into the MLP of a layer.

    Attributes:
        layer: from 0.
        seen: of the newest forward pass, [B · T, D]; float32, or what is more exact.
    """

    seen: Tensor

    def __init__(self, layer: int) -> None:
        self.layer = layer

    @staticmethod
    @contextmanager
    def watching(model: LanguageModel, taps: Sequence[KeysTap]) -> Iterator[None]:
        """Let ``taps`` see.

        Raises:
            NotDefinedError: a layer has no MLP of its own (OPT).
        """

        def show(tap: KeysTap) -> Callable[..., None]:
            def hook(_: Any, args: tuple[Any, ...], given: dict[str, Any]) -> None:
                states = args[0] if args else next(iter(given.values()))
                rows = states.reshape(-1, states.shape[-1])  # some families fold texts into rows
                tap.seen = rows if rows.dtype.itemsize > 4 else rows.float()

            return hook

        handles = []
        try:
            for tap in taps:
                block = feed_forward(model.layers[tap.layer])
                if block is None:
                    raise NotDefinedError(
                        f"The layers of {model.facts.name} have no MLP of their own to take keys "
                        "from."
                    )
                handles.append(block.register_forward_pre_hook(show(tap), with_kwargs=True))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def held_bytes(self, model: LanguageModel, tokens: int) -> int:
        return 4 * tokens * model.facts.hidden_size
