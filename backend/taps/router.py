"""The routers of mixtures of experts: the scores of all experts, before the best are chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from transformers import PreTrainedModel

from .base import Tap

if TYPE_CHECKING:
    from ..models.language import LanguageModel

# Attention may choose among experts too (JetMoE); those of the MLP are meant.
_ATTENTION = "att"


def routers(model: LanguageModel) -> dict[int, tuple[nn.Module, int]]:
    """Return the router of every layer that has one, by the number of the layer, from 0.

    With it comes the place of the logits in what the router returns. A family of transformers
    declares both for its own ``output_router_logits``.
    """
    declared = _declared(model)
    if declared is None:
        return {}
    found = {}
    for number, layer in enumerate(model.layers):
        for name, part in layer.named_modules():
            if isinstance(part, declared.target_class) and _ATTENTION not in name:
                found[number] = part, declared.index
    return found


def _declared(model: LanguageModel) -> Any:
    """Return the ``OutputRecorder`` of the router logits; None for a family without."""
    for part in model.torch_model.modules():
        if isinstance(part, PreTrainedModel) and "router_logits" in part.can_record_outputs:
            return part.can_record_outputs["router_logits"]
    return None


def router_logits(output: Any, place: int) -> Tensor:
    """Return the logits [T, E] out of what a router has returned."""
    found = output if isinstance(output, Tensor) else output[place]
    logits = found.reshape(-1, found.shape[-1])
    # Gemma 4 calls its softmax the logits; both rank and weigh the experts alike.
    return logits.log() if _are_probabilities(logits) else logits


def _are_probabilities(rows: Tensor) -> bool:
    rows = rows.float()
    return bool((rows >= 0).all()) and bool(((rows.sum(-1) - 1).abs() < 0.01).all())


class RouterTap(Tap):
    """Sees the router of every layer that has one."""

    def on_router(self, layer: int, logits: Tensor) -> None:
        """Look at the ``logits`` [T, E] of layer ``layer``, from 0."""

    @staticmethod
    @contextmanager
    def watching(model: LanguageModel, taps: Sequence[RouterTap]) -> Iterator[None]:
        def show(layer: int, place: int) -> Callable[..., None]:
            def hook(_: Any, args: tuple[Tensor, ...], output: Any) -> None:
                logits = router_logits(output, place)
                # Doge scores two halves of a key in place of experts: twice as many rows.
                if len(logits) == args[0].shape[:-1].numel():
                    for tap in taps:
                        tap.on_router(layer, logits)

            return hook

        handles = [
            router.register_forward_hook(show(layer, place))
            for layer, (router, place) in routers(model).items()
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
