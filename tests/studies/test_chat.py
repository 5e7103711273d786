"""A chat is measured as the model's own template and tokenizer write it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, TokenizersBackend

import backend
from backend.models.sources.bundled import BundledSource

MESSAGES = [
    "Hello there",
    "  What is 12 + 30?\n",
    "Привет, мир! 你好 🙂",
    "a" * 40,
    "x <|nothing|> y",
]


def expected(model, ids):
    """Return entropy and surprisal of every token but the first, from the model's own logits."""
    with torch.inference_mode():
        logits = model.torch_model(torch.tensor([ids])).logits[0, :-1].double()
    log_p = logits.log_softmax(-1)
    chosen = torch.tensor(ids[1:])[:, None]
    return -(log_p.exp() * log_p).sum(-1), -log_p.gather(-1, chosen)[:, 0]


def templated(tokenizer, message):
    """Return the ids that transformers makes of one message of a user."""
    found = tokenizer.apply_chat_template(
        [{"role": "user", "content": message}], add_generation_prompt=True, return_dict=True
    )
    return found["input_ids"]


def check(model, tokenizer, message):
    ids = templated(tokenizer, message)
    run = backend.study_text(model, message, chat=True)
    assert run.token_ids.tolist() == ids
    entropy, surprisal = expected(model, ids)
    # 1e-4 nats is the promise of docs/measures.md for float32.
    np.testing.assert_allclose(run.entropy[1:], entropy, atol=1e-4)
    np.testing.assert_allclose(run.surprisal[1:], surprisal, atol=1e-4)
    assert run.offsets[-1, 1] == len(run.text)
    written = backend.study_trajectories(model, message, ["greedy"], chat=True, steps=2)
    assert written.prompt_ids.tolist() == ids


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("family", ["gpt2", "qwen3", "gemma3"])
def test_the_numbers_of_a_chat_are_those_of_the_templated_ids(
    family, message, tiny_model, tiny_folder
):
    check(tiny_model(family), AutoTokenizer.from_pretrained(tiny_folder(family)), message)


@pytest.mark.model
@pytest.mark.parametrize("message", MESSAGES[:3])
def test_the_numbers_of_a_chat_with_the_bundled_model_are_those_of_its_template(
    message, bundled_model
):
    checkpoint = BundledSource().locate(bundled_model.spec, weights=True)
    tokenizer = TokenizersBackend.from_pretrained(checkpoint.tokenizer or checkpoint.folder)
    check(bundled_model, tokenizer, message)
