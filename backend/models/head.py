"""Everything a model does after its last hidden state, without knowing its family."""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPast

# What hooks of accelerate leave on a module; they are bound to the original, not to a copy.
_BOUND = ("forward", "_old_forward", "_hf_hook")


def apply_head(model: PreTrainedModel, hidden: Tensor) -> Tensor:
    """Map final hidden states [..., D] to logits [..., V] as ``model.forward`` does.

    Head, bias, soft-cap and logit scale are all in the model's own forward. It runs here on a
    shallow copy whose base model is a stub that answers with ``hidden``; weights are shared.
    """
    flat = hidden.reshape(1, -1, hidden.shape[-1])
    shadow = copy.copy(model)
    for name in _BOUND:
        shadow.__dict__.pop(name, None)
    shadow.__dict__["_modules"] = {**model._modules, model.base_model_prefix: _Answer(flat)}
    output: Any = type(model).forward(shadow, inputs_embeds=flat, use_cache=False)  # type: ignore[reportArgumentType]
    return output.logits.reshape(*hidden.shape[:-1], -1)


class _Answer(nn.Module):
    """Stands where the base model was and returns hidden states that are known already."""

    def __init__(self, hidden: Tensor) -> None:
        super().__init__()
        self.hidden = hidden

    def forward(self, *_: Any, **__: Any) -> BaseModelOutputWithPast:
        return BaseModelOutputWithPast(last_hidden_state=self.hidden)  # type: ignore[reportArgumentType]
