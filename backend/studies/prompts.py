"""What studies that write on from a prompt share: its tokens, and how written ones are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, OverBudgetError
from ..reading.encoding import check_text

if TYPE_CHECKING:
    from ..models import LanguageModel


def prompt_ids(model: LanguageModel, prompt: str, longest: int) -> np.ndarray:
    """Return the tokens of a prompt, int32 [P].

    Raises:
        InputError: it is empty.
        OverBudgetError: it is longer than the settings allow or, with ``longest`` tokens behind it,
            than the model reads.
    """
    if not prompt.strip():
        raise InputError("The prompt is empty; give at least one word.")
    check_text(prompt)
    ids = model.tokenizer.encode(prompt).ids
    length, facts = len(ids) + longest, model.facts
    for most in (facts.context, model.rereads_after):
        if most is not None and length > most:
            raise OverBudgetError(
                f"Prompt and text have {length:,} tokens; {facts.name} reads {most:,} here."
            )
    return ids


def parts_of_characters(model: LanguageModel, ids: np.ndarray) -> dict[str, str]:
    """Return what tokens show that are parts of a character: the first of them the whole."""
    found: dict[str, str] = {}
    for row, own in enumerate(ids):
        spelled = model.tokenizer.spell(own[own >= 0])
        groups = spelled.groups.tolist()
        for step, group in enumerate(groups):
            if groups.count(group) > 1:
                start, end = spelled.offsets[step].tolist()
                first = groups.index(group) == step
                found[f"{row}.{step}"] = spelled.text[start:end] if first else "⋯"
    return found
