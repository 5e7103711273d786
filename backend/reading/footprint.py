"""How much memory a forward pass needs on top of the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..models.language import LanguageModel

# Width of a forward pass at its widest, in hidden vectors a token: three inner tensors of the
# MLP, each up to four vectors wide, beside residual stream, norm and attention.
_HIDDEN_VECTORS = 18
# Bytes for each score of each head where a model holds the whole matrix: scores, weights and what
# lies between them live together. Measured: 7 to 17, by family and number type.
_SCORE_BYTES = 18
# Bytes for each query and key of a mask that windows of attention need; measured.
_MASK_BYTES = 4


def hidden_bytes(model: LanguageModel, tokens: int) -> int:
    """Return the peak memory of a forward pass beside what it holds for pairs of tokens."""
    return tokens * model.facts.hidden_size * _HIDDEN_VECTORS * model.dtype.itemsize


def pair_bytes(model: LanguageModel, tokens: int, longest: int) -> int:
    """Return what one layer holds for pairs of tokens: masks of windows, or whole scores.

    Args:
        model: to run.
        tokens: of all texts together.
        longest: tokens of the longest text.
    """
    config = model.torch_model.config
    needed = 0
    if getattr(config.get_text_config(decoder=True), "sliding_window", None):
        needed += tokens * longest * _MASK_BYTES
    if config._attn_implementation == "eager":
        needed += model.facts.heads * tokens * longest * _SCORE_BYTES
    return needed


def forward_bytes(model: LanguageModel, tokens: int, longest: int) -> int:
    """Return the peak memory of one forward pass without its head; arguments as ``pair_bytes``."""
    return hidden_bytes(model, tokens) + pair_bytes(model, tokens, longest)
