"""What attention and MLP of every layer write into the residual stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from .neurons import down_projection
from .residual import ResidualTap

if TYPE_CHECKING:
    from ..models.language import LanguageModel

# What families call the last map of their attention, and the part that holds experts.
_OUT = ("o_proj", "out_proj", "dense", "c_proj", "wo")
_BLOCKS = ("mlp", "feed_forward", "ffn", "block_sparse_moe", "moe")


def output_map(layer: nn.Module) -> nn.Module | None:
    """Return the map that writes what the heads of a layer found; None where there is none."""
    for part in layer.modules():
        if "Attention" in type(part).__name__:
            own = dict(part.named_children())
            found = next((own[name] for name in _OUT if name in own), None)
            if found is not None:
                return found
    return None


def mlp_writer(layer: nn.Module) -> nn.Module | None:
    """Return the part whose output is what the MLP, or the experts, of a layer write."""
    return down_projection(layer) or feed_forward(layer)


def feed_forward(layer: nn.Module) -> nn.Module | None:
    """Return the MLP, or the experts, of a layer; None where they are no part of their own."""
    return next((getattr(layer, name) for name in _BLOCKS if hasattr(layer, name)), None)


class WritingTap(ResidualTap):
    """Sees, for every layer, the states around it and what its two parts write."""

    def on_written(self, layer: int, before: Tensor, after: Tensor, parts: Parts) -> None:
        """Look at the states [T, D] before and after ``layer``, and at its parts."""

    @staticmethod
    @contextmanager
    def watching(model: LanguageModel, taps: Sequence[WritingTap]) -> Iterator[None]:
        now = Parts()

        def keep(name: str) -> Callable[..., None]:
            def hook(_: Any, args: tuple[Any, ...], output: Any) -> None:
                found = output if isinstance(output, Tensor) else output[0]
                setattr(now, name, found.reshape(-1, found.shape[-1]))
                if name == "attention":
                    now.heads = args[0].reshape(-1, args[0].shape[-1])

            return hook

        class Show(ResidualTap):
            last: Tensor

            def on_residual(self, depth: int, hidden: Tensor) -> None:
                if depth:
                    for tap in taps:
                        tap.on_written(depth - 1, self.last, hidden[0], now)
                    now.attention = now.mlp = now.heads = None
                # A copy: some families add to their states in place.
                self.last = hidden[0].clone()

        handles = []
        for layer in model.layers:
            parts = {"attention": output_map(layer), "mlp": mlp_writer(layer)}
            handles += [
                part.register_forward_hook(keep(name))
                for name, part in parts.items()
                if part is not None
            ]
        try:
            with ResidualTap.watching(model, [Show()]):
                yield
        finally:
            for handle in handles:
                handle.remove()


class Parts:
    """What the parts of a layer did.

    Attributes:
        heads: what its heads found, [T, H · E]; None where it has none.
        attention: what its attention writes, [T, D].
        mlp: what its MLP or its experts write, [T, D].
    """

    heads: Tensor | None = None
    attention: Tensor | None = None
    mlp: Tensor | None = None
