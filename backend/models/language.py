"""A loaded causal language model: token ids in, hidden states and logits out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import Cache

from ..errors import InputError, ModelError
from ..runs.model import ModelFacts, ModelSpec
from .final_norm import final_parts
from .head import apply_head
from .tokenizer import TextTokenizer

OnLayer = Callable[[int, int], None]


class LanguageModel:
    """One model on its device, in evaluation mode.

    Not thread-safe: whoever runs it owns it (the engine keeps one worker per model).

    Attributes:
        spec: what was asked for.
        facts: what it turned out to be.
        tokenizer: text to token ids and back.
        torch_model: the transformers model itself, for taps.
        layers: its decoder layers in order.
    """

    def __init__(
        self,
        torch_model: PreTrainedModel,
        tokenizer: TextTokenizer,
        spec: ModelSpec,
        facts: ModelFacts,
    ) -> None:
        self.torch_model = torch_model.eval()
        self.tokenizer = tokenizer
        self.spec = spec
        self.facts = facts
        self.layers = find_layers(torch_model)
        taken = inspect.signature(type(torch_model.base_model).forward).parameters
        self._takes_positions = "position_ids" in taken
        # "past_key_values" until transformers 5.23; state space models (Mamba) have their own name.
        self._cache_name = next(
            (name for name in ("cache", "cache_params") if name in taken), "past_key_values"
        )

    @property
    def device(self) -> torch.device:
        """Where token ids go in; a large model may continue on other devices."""
        return self.torch_model.get_input_embeddings().weight.device  # type: ignore[reportReturnType]

    @property
    def dtype(self) -> torch.dtype:
        """Number type of the weights."""
        return self.torch_model.dtype

    @torch.inference_mode()
    def hidden_states(
        self,
        ids: Tensor,
        *,
        attention_mask: Tensor | None = None,
        cache: Cache | None = None,
        on_layer: OnLayer | None = None,
    ) -> Tensor:
        """Run the model up to, and without, its head.

        Args:
            ids: integers [B, T].
            attention_mask: [B, tokens in the cache + T], 1 for real tokens and 0 for padding.
                Pad on the left: positions then count the real tokens only.
            cache: from ``new_cache``; it is read and extended.
            on_layer: called as ``on_layer(done, total)`` after every decoder layer; what it
                raises stops the forward pass.

        Returns:
            Final hidden states [B, T, D], as the head receives them.

        Raises:
            InputError: there are no ids, or one is outside the vocabulary.
        """
        self._check(ids)
        arguments: dict[str, Any] = {"use_cache": cache is not None}
        if attention_mask is not None:
            mask = attention_mask.to(self.device)
            arguments["attention_mask"] = mask
            if self._takes_positions:
                positions = (mask.long().cumsum(-1) - 1).clamp(min=0)
                arguments["position_ids"] = positions[:, -ids.shape[1] :]
        if cache is not None:
            arguments[self._cache_name] = cache
        with self._watched(on_layer):
            output = self.torch_model.base_model(input_ids=ids.to(self.device), **arguments)
        return output.last_hidden_state

    @torch.inference_mode()
    def unembed(self, hidden: Tensor) -> Tensor:
        """Map hidden states [..., D] to logits [..., V], soft-cap and logit scale included."""
        return apply_head(self.torch_model, hidden)

    @torch.inference_mode()
    def final_norm(self, hidden: Tensor) -> Tensor:
        """Map what the last layer gives [..., D] to what the head receives [..., D].

        Applied to the state after an earlier layer it is the first half of the logit lens.

        Raises:
            ModelError: this model ends in a way Entroscope does not know.
        """
        for part in self.final_parts:
            hidden = part(hidden)
        return hidden

    @cached_property
    def final_parts(self) -> list[nn.Module]:
        """The modules of ``final_norm``: a norm, and in some families a linear map after it."""
        return final_parts(self)

    def new_cache(self) -> Cache:
        """Return an empty cache of keys and values for ``hidden_states``."""
        return DynamicCache(config=self.torch_model.config)

    def _check(self, ids: Tensor) -> None:
        if ids.ndim != 2 or ids.numel() == 0:
            raise InputError(
                f"Token ids must be [batch, tokens], at least one; got {list(ids.shape)}."
            )
        size = self.torch_model.get_input_embeddings().weight.shape[0]  # type: ignore[reportAttributeAccessIssue]
        low, high = int(ids.min()), int(ids.max())
        if low < 0 or high >= size:
            raise InputError(f"Token ids run from 0 to {size - 1}; got {low} to {high}.")

    @contextmanager
    def _watched(self, on_layer: OnLayer | None) -> Iterator[None]:
        if on_layer is None:
            yield
            return
        total = len(self.layers)

        def hook(done: int) -> Callable[..., None]:
            return lambda *_: on_layer(done, total)

        handles = [
            layer.register_forward_hook(hook(number)) for number, layer in enumerate(self.layers, 1)
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def find_layers(model: PreTrainedModel) -> list[nn.Module]:
    """Return the decoder layers of ``model`` in order.

    Raises:
        ModelError: no list of as many modules as the configuration has layers.
    """
    total = model.config.get_text_config(decoder=True).num_hidden_layers
    for module in model.get_decoder().modules():
        if isinstance(module, nn.ModuleList) and len(module) == total:
            return list(module)
    raise ModelError(f"{type(model).__name__} has no list of {total} decoder layers to watch.")
