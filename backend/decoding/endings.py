"""What ends a text by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..models.language import LanguageModel


def end_ids(model: LanguageModel) -> set[int]:
    """Return the tokens after which the model has nothing more to say."""
    found: Any = None
    generation = getattr(model.torch_model, "generation_config", None)
    for settings_of in (generation, model.torch_model.config):
        found = found if found is not None else getattr(settings_of, "eos_token_id", None)
    return set() if found is None else set(found) if isinstance(found, list) else {int(found)}
