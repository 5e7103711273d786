"""Prompts in which models fill a hole by themselves, for tokenizers that own the tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .continuations import context_ids

if TYPE_CHECKING:
    from ..models.language import LanguageModel

LEFT, RIGHT, BOS = "left", "right", "bos"

_FORMS: dict[str, tuple[str, ...]] = {
    "Qwen2.5-Coder": ("<|fim_prefix|>", LEFT, "<|fim_suffix|>", RIGHT, "<|fim_middle|>"),
    "StarCoder": ("<fim_prefix>", LEFT, "<fim_suffix>", RIGHT, "<fim_middle>"),
    "SantaCoder": ("<fim-prefix>", LEFT, "<fim-suffix>", RIGHT, "<fim-middle>"),
    # The middle token stands for the hole itself; the bars are full-width.
    "DeepSeek-Coder": ("<｜fim▁begin｜>", LEFT, "<｜fim▁hole｜>", RIGHT, "<｜fim▁end｜>"),
    "Code Llama": (BOS, "▁<PRE>", LEFT, "▁<SUF>", RIGHT, "▁<MID>"),
    "CodeGen2": (LEFT, "<mask_1>", RIGHT, "<|endoftext|>", "<sep>", "<mask_1>"),
}
"""By who published it; what the model says next stands in the hole."""


@dataclass(frozen=True, eq=False)
class Prompt:
    """A hole as a model was trained to fill it.

    Attributes:
        form: whose form it is.
        ids: int32 [T]; what comes next is the first token of the hole.
    """

    form: str
    ids: np.ndarray


def infill_prompt(model: LanguageModel, left: str, right: np.ndarray) -> Prompt | None:
    """Return the prompt of a hole; None where the tokenizer has no tokens for one.

    Args:
        model: whose tokenizer is asked.
        left: text, with look-alikes of control tokens read as text.
        right: the tokens that stand behind the hole.
    """
    for form, parts in _FORMS.items():
        control = {each: _control(model, each) for each in parts if each not in (LEFT, RIGHT)}
        if all(each is not None for each in control.values()):
            found = {**control, LEFT: context_ids(model, left), RIGHT: right}
            ids = [found[each] for each in parts]
            return Prompt(form, np.concatenate([np.atleast_1d(each) for each in ids]))
    return None


def _control(model: LanguageModel, text: str) -> int | None:
    """Return the one token that is written as ``text``; None where there is none."""
    tokenizer = model.tokenizer
    text = (tokenizer.bos_token or "") if text == BOS else text
    ids = tokenizer.encode(text, special_tokens="special").ids if text else []
    return int(ids[0]) if len(ids) == 1 else None
