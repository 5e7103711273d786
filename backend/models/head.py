"""Everything a model does after its last hidden state, without knowing its family."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPast

from ..errors import ModelError
from .body import body_name, body_of

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
    name = body_name(model)
    shadow.__dict__["_modules"] = {**model._modules, name: _Answer(getattr(model, name), flat)}
    output: Any = type(model).forward(shadow, inputs_embeds=flat, use_cache=False)  # type: ignore[reportArgumentType]
    return output.logits.reshape(*hidden.shape[:-1], -1)


def check_head(model: PreTrainedModel, name: str) -> None:
    """Make sure that ``apply_head`` understands this model, on two tokens.

    Raises:
        ModelError: its logits do not follow from the final hidden states alone.
    """
    ids = torch.tensor([[0, 0]], device=model.get_input_embeddings().weight.device)  # type: ignore[reportArgumentType]
    with torch.inference_mode():
        own = model(input_ids=ids, use_cache=False).logits.float()
        hidden = body_of(model)(input_ids=ids, use_cache=False).last_hidden_state
        ours = apply_head(model, hidden).float()
    # Same kernels on the same numbers; bfloat16 may round a sum differently.
    if not torch.allclose(own, ours, rtol=0.02, atol=0.02, equal_nan=True):
        raise ModelError(
            f"{name} ({type(model).__name__}) makes its logits in a way Entroscope does not know."
        )


class _Answer(nn.Module):
    """Stands where the base model was and returns hidden states that are known already.

    Whatever else a head asks for, such as the multiplier of Falcon-H1, the base model answers.
    """

    def __init__(self, body: Any, hidden: Tensor) -> None:
        super().__init__()
        self.__dict__["_body"] = body  # not as a part of this module
        self.hidden = hidden

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_body"], name)

    @property
    def decoder(self) -> _Answer:
        """Itself: OPT asks the decoder inside its base model."""
        return self

    def forward(self, *_: Any, **__: Any) -> _Output:
        return _Output(last_hidden_state=self.hidden)  # type: ignore[reportArgumentType]


class _Output(BaseModelOutputWithPast):
    """Has nothing but hidden states; what a family adds (router logits, say) is None."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)
