"""The tokenizer inside a GGUF file, with the splitting rule its vocabulary was learned with."""

from __future__ import annotations

from pathlib import Path

from tokenizers import pre_tokenizers
from transformers import TokenizersBackend

from ..errors import ModelError

# Names of ``tokenizer.ggml.pre`` by the rule they stand for (llama.cpp, src/llama-vocab.cpp).
# transformers knows neither list and would use the second rule for every name it does not know.
_DIGITS_ONE_BY_ONE = {"smollm", "starcoder", "refact", "command-r", "codeshell"}
_GPT2_RULE = {"gpt-2", "gpt2", "phi-2", "mpt", "olmo", "jais"}


def gguf_tokenizer(path: Path) -> TokenizersBackend:
    """Return the tokenizer of the GGUF file at ``path``.

    Raises:
        ModelError: the file has none, or one whose splitting rule is unknown here; reading text
            with a wrong rule would give wrong numbers quietly.
    """
    from transformers.integrations.gguf.gguf_tokenizer_mapping import (
        GGUF_PRE_TOKENIZER_SPLITS,
        convert_gguf_tokenizer,
        get_gguf_tokenizer,
    )

    try:
        architecture, described, options = get_gguf_tokenizer(str(path))
        backend, _ = convert_gguf_tokenizer(architecture, described)
    except Exception as error:
        raise ModelError(f"The tokenizer in {path.name} cannot be read: {error}") from error
    if described.get("tokenizer_type") == "gpt2":
        rule = described.get("pre_tokenizer_type")
        if rule in _DIGITS_ONE_BY_ONE | _GPT2_RULE:
            backend.pre_tokenizer = _byte_level(split_digits=rule in _DIGITS_ONE_BY_ONE)
        elif rule not in GGUF_PRE_TOKENIZER_SPLITS:
            raise ModelError(
                f"{path.name} splits text by the rule {rule!r}, which is not known here. "
                "Use the model's original folder or hub id."
            )
    tokens = {key: value for key, value in options.items() if not key.startswith("add_")}
    return TokenizersBackend(tokenizer_object=backend, clean_up_tokenization_spaces=False, **tokens)


def _byte_level(*, split_digits: bool) -> pre_tokenizers.PreTokenizer:
    words = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if not split_digits:
        return words
    return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), words])
