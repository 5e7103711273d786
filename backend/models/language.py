"""A loaded causal language model: token ids in, hidden states and logits out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from ..errors import InputError
from ..runs.model import ModelFacts, ModelSpec
from .body import body_of, family_failures, find_layers
from .facts import rereads_after
from .final_norm import find_final_norm
from .head import apply_head
from .past import Past, Run, new_past
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
        takes_positions: whether it is told the position of every token, or counts by itself.
        decoding_fault: why it cannot write text step by step; None where it can.
        rereads_after: after how many tokens what was read before counts no longer; None for never.
        reads_blocks: whether it reads several tokens behind a past; None until that is tried.
    """

    def __init__(
        self,
        torch_model: PreTrainedModel,
        tokenizer: TextTokenizer,
        spec: ModelSpec,
        facts: ModelFacts,
    ) -> None:
        torch_model.eval()
        self.torch_model = torch_model
        self.tokenizer = tokenizer
        self.spec = spec
        self.facts = facts
        self.layers = find_layers(torch_model)
        self._body = body_of(torch_model)
        self._taken = inspect.signature(type(self._body).forward).parameters
        self.takes_positions = "position_ids" in self._taken
        self.decoding_fault: str | None = None
        self.reads_blocks: bool | None = None
        self.rereads_after = rereads_after(torch_model.config.get_text_config(decoder=True))

    @contextmanager
    def studied(self) -> Iterator[None]:
        """Make the model ready for one study, inside the block; most always are."""
        yield

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
        past: Past | None = None,
        on_layer: OnLayer | None = None,
    ) -> Tensor:
        """Run the model up to, and without, its head.

        Args:
            ids: integers [B, T].
            attention_mask: [B, tokens of the past + T], 1 for real tokens and 0 for padding.
                Pad on the left: positions then count the real tokens only.
            past: from ``new_past``; ``ids`` follow what it has read, and it is extended.
            on_layer: called as ``on_layer(done, total)`` after every decoder layer; what it
                raises stops the forward pass.

        Returns:
            Final hidden states [B, T, D], as the head receives them.

        Raises:
            InputError: there are no ids, or one is outside the vocabulary.
            ModelError: the code of this family fails.
        """
        self._check(ids)
        ids = ids.to(self.device)
        with self._watched(on_layer), family_failures(self.facts.name):
            run = self._run(attention_mask, ids.shape[1] + (0 if past is None else past.tokens))
            if past is not None:
                return past.read(run, ids)
            return run(input_ids=ids, use_cache=False).last_hidden_state

    def _run(self, attention_mask: Tensor | None, total: int) -> Run:
        """Return a function that runs the body, and tells it the positions of its tokens.

        It is told them where they do not just count from 0: with padding, and behind a past, where
        some families would count from 0 again (Bamba). ``total`` counts the past and the tokens.
        """
        given = {}
        if attention_mask is not None:
            given["attention_mask"] = attention_mask.to(self.device)

        def run(input_ids: Tensor, **arguments: Any) -> Any:
            read = input_ids.shape[1]
            if self.takes_positions and (attention_mask is not None or read < total):
                positions = _positions(attention_mask, total)
                arguments["position_ids"] = positions[:, -read:].to(self.device)
            return self._body(input_ids=input_ids, **given, **arguments)

        return run

    @torch.inference_mode()
    def unembed(self, hidden: Tensor) -> Tensor:
        """Map hidden states [..., D] to logits [..., V], soft-cap and logit scale included.

        Raises:
            ModelError: the code of this family fails.
        """
        with family_failures(self.facts.name):
            return apply_head(self.torch_model, hidden)

    @torch.inference_mode()
    def final_norm(self, hidden: Tensor) -> Tensor:
        """Map the residual stream [..., D] after any layer to what the head receives.

        After the last layer this gives ``hidden_states``, so that ``unembed(final_norm(last))``
        are the model's own logits. In families without a final norm it changes nothing.

        Raises:
            NotDefinedError: more happens there than a norm (Gemma 3n).
        """
        for part in self._norm:
            hidden = part(hidden)
        return hidden

    @cached_property
    def _norm(self) -> list[nn.Module]:
        ids = torch.zeros(1, 2, dtype=torch.long)
        return find_final_norm(
            self._body, self.layers, lambda: self.hidden_states(ids), self.facts.name
        )

    def new_past(self) -> Past:
        """Return an empty past for ``hidden_states``: what the model keeps of what it reads."""
        return new_past(self.torch_model, self._taken)

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


def _positions(mask: Tensor | None, total: int) -> Tensor:
    """Return the positions of ``total`` tokens, [B or 1, total]; padding does not count."""
    if mask is None:
        return torch.arange(total)[None]
    return (mask.long().cumsum(-1) - 1).clamp(min=0)
