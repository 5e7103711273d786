"""The routers of mixtures of experts: the scores of all experts, before the best are chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from .base import Tap

if TYPE_CHECKING:
    from ..models.language import LanguageModel

_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
_GATES = ("gate", "router")


def expert_count(model: LanguageModel) -> int:
    """Return how many experts a router chooses among; 0 for a model without."""
    config = model.torch_model.config.get_text_config(decoder=True)
    return next((getattr(config, name) for name in _EXPERTS if getattr(config, name, 0)), 0)


def gate_of(layer: nn.Module) -> nn.Module | None:
    """Return the router of a layer, None where it has none."""
    for name, part in layer.named_modules():
        *_, own = name.split(".")
        if own in _GATES and name.count(".") == 1:
            return part
    return None


class RouterTap(Tap):
    """Sees the router of every layer that has one."""

    def on_router(self, layer: int, logits: Tensor) -> None:
        """Look at the ``logits`` [T, E] of layer ``layer``, from 0."""

    @staticmethod
    @contextmanager
    def watching(model: LanguageModel, taps: Sequence[RouterTap]) -> Iterator[None]:
        experts = expert_count(model)

        def show(layer: int) -> Callable[..., None]:
            def hook(_: Any, __: Any, output: Any) -> None:
                # A linear layer gives the logits; a router of transformers 5 gives them first.
                logits = output if isinstance(output, Tensor) else output[0]
                for tap in taps:
                    tap.on_router(layer, logits.reshape(-1, logits.shape[-1]))

            return hook

        gates = {number: gate_of(each) for number, each in enumerate(model.layers)}
        handles = [
            gate.register_forward_hook(show(number))
            for number, gate in gates.items()
            if experts and gate is not None
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
