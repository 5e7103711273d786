"""Why a layer has no attention pattern to measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import ModelError

if TYPE_CHECKING:
    from ..models.attention_call import AttentionCall
    from ..models.language import LanguageModel

# Kinds of layers, as configurations name them, that have none though a part is called attention.
_WITHOUT_PATTERN = ("linear", "mamba", "conv", "recurrent")


def reason(model: LanguageModel, layer: int) -> str:
    """Return why ``layer`` has shown no attention pattern."""
    kinds = getattr(model.torch_model.config.get_text_config(decoder=True), "layer_types", None)
    parts = [type(part).__name__ for part in model.layers[layer].modules()]
    kind = kinds[layer] if kinds else parts[0]
    attention = any(name.endswith("Attention") and "Linear" not in name for name in parts)
    stateful = not model.facts.heads or any(each in kind for each in _WITHOUT_PATTERN)
    if attention and not stateful:
        return (
            f"{parts[0]} computes its attention in a way that Entroscope cannot watch, or with "
            f"another number of heads than {model.facts.heads}."
        )
    return (
        f"This layer is {kind!r}: it carries a running state along the text instead of weighing "
        "its tokens, so there is no pattern."
    )


def unlike_keys(call: AttentionCall) -> str | None:
    """Return why a layer's keys are not the tokens of the text; None where they are."""
    queries, keys = call.query.shape[2], call.key.shape[2]
    if keys == queries:
        return None
    return (
        f"This layer weighs {keys:,} keys for {queries:,} tokens: beside tokens it looks at "
        "summaries of several, so its weights are no pattern over the text."
    )


def check_finite(model: LanguageModel, numbers: np.ndarray) -> None:
    """Raise ModelError if one of ``numbers`` is NaN."""
    if np.isnan(numbers).any():
        raise ModelError(
            f"{model.facts.name} gave no usable attention weights in {model.facts.dtype}: its "
            "numbers left the range of that type. Load it as float32 or bfloat16."
        )
