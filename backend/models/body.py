"""The part of a causal model before its head, and what happens when a family fails in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from torch import nn
from transformers import PreTrainedModel

from ..errors import EntroscopeError, ModelError
from .memory import is_out_of_memory

# What the code of a family raises when it is asked for something it cannot do.
_FAILURES = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def body_name(model: PreTrainedModel) -> str:
    """Return the attribute under which ``model`` holds everything before its head.

    Raises:
        ModelError: there is no such part.
    """
    children = dict(model.named_children())
    if model.base_model_prefix in children:
        return model.base_model_prefix
    # Llama 4 and others name the part of a larger model that this one is not.
    found = [name for name, part in children.items() if isinstance(part, PreTrainedModel)]
    if len(found) != 1:
        raise ModelError(f"{type(model).__name__} does not tell its head from the rest of it.")
    return found[0]


def body_of(model: PreTrainedModel) -> PreTrainedModel:
    """Return everything of ``model`` before its head."""
    return cast(PreTrainedModel, getattr(model, body_name(model)))


def find_layers(model: PreTrainedModel) -> list[nn.Module]:
    """Return the decoder layers of ``model`` in order.

    Raises:
        ModelError: no list of as many modules as the configuration has layers.
    """
    total = model.config.get_text_config(decoder=True).num_hidden_layers
    lists = [
        list(part)
        for whole in (model.get_decoder(), body_of(model))
        for part in whole.modules()
        if isinstance(part, nn.ModuleList)
    ]
    found = next((each for each in lists if len(each) == total), None)
    if found is not None:
        return found
    if not lists:
        raise ModelError(f"{type(model).__name__} has no list of {total} decoder layers to watch.")
    raise ModelError(
        f"{type(model).__name__} counts {total} layers but is built of {len(lists[0])} parts, each "
        "with several attentions; Entroscope cannot tell these apart."
    )


@contextmanager
def family_failures(name: str) -> Iterator[None]:
    """Turn what the code of a family raises into ``ModelError``; running out of memory excepted."""
    try:
        yield
    except _FAILURES as error:
        if isinstance(error, EntroscopeError) or is_out_of_memory(error):
            raise
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(f"{name} cannot be run: {reason.rstrip('.')}.") from error
