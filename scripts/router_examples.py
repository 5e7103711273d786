"""Train two tiny mixtures of experts, with and without a balancing loss, and ship what they do.

The bundled model has no experts. Both nets begin with the same weights and read the same passages;
``scripts/router_examples.py`` writes ``examples/router_free`` and ``examples/router_balanced``.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import torch
import typer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import MixtralConfig, MixtralForCausalLM, TokenizersBackend

import backend
from backend.lenses import LENSES
from backend.models.language import LanguageModel
from backend.runs import ModelSpec
from backend.storage.passages import passages

EXAMPLES = Path(__file__).parents[1] / "examples"
BALANCING = {"router_free": 0.0, "router_balanced": 0.2}
STEPS, BATCH, LENGTH = 240, 8, 64


def tokenizer() -> TokenizersBackend:
    """Return a byte-level tokenizer of 512 pieces, trained on the passages."""
    plain = Tokenizer(models.BPE())
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=511, initial_alphabet=alphabet, show_progress=False)
    plain.train_from_iterator(passages(), trainer)
    plain.add_special_tokens(["<|end|>"])
    return TokenizersBackend(tokenizer_object=plain, eos_token="<|end|>", pad_token="<|end|>")


def train(words: TokenizersBackend, balancing: float) -> MixtralForCausalLM:
    """Return a net of two layers and eight experts, trained for less than a minute."""
    torch.manual_seed(0)
    config = MixtralConfig(
        vocab_size=len(words), hidden_size=64, intermediate_size=96, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=4, num_local_experts=8, num_experts_per_tok=2,
        max_position_embeddings=512, router_aux_loss_coef=balancing, output_router_logits=True,
        eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id, sliding_window=None,
    )  # fmt: skip
    net = MixtralForCausalLM(config)
    ids = torch.cat([torch.tensor(words(each)["input_ids"]) for each in passages()])
    rows = torch.Generator().manual_seed(1)
    optimiser = torch.optim.AdamW(net.parameters(), 6e-3)
    for step in range(STEPS):
        starts = torch.randint(len(ids) - LENGTH, (BATCH,), generator=rows)
        batch = torch.stack([ids[start : start + LENGTH] for start in starts.tolist()])
        output = net(input_ids=batch, labels=batch)
        optimiser.zero_grad()
        output.loss.backward()
        optimiser.step()
        if step % 100 == 0 or step == STEPS - 1:
            typer.echo(f"step {step}: loss {output.loss.item():.2f}")
    net.config.output_router_logits = False
    return net


def open_net(net: MixtralForCausalLM, words: TokenizersBackend) -> LanguageModel:
    """Return the net as the project loads any folder."""
    with tempfile.TemporaryDirectory() as folder:
        net.save_pretrained(folder)
        words.save_pretrained(folder)
        return backend.load_model(folder, device="cpu", dtype="float32")


def main() -> None:
    """Train both and write their runs."""
    words = tokenizer()
    for example in LENSES["router"].examples:
        model = open_net(train(words, BALANCING[example.name]), words)
        run = backend.study_router(model, **example.fields)
        # The folder is gone; the name says where the net is from.
        named = {"source": "scripts/router_examples.py", "name": example.name.replace("_", " ")}
        run = replace(
            run,
            title=example.title,
            note=example.note,
            model=replace(run.model, **named),
            request=replace(run.request, model=ModelSpec(source=named["source"])),
        )
        typer.echo(f"{run.save(EXAMPLES / f'{example.name}.safetensors').stat().st_size:,} bytes")


if __name__ == "__main__":
    typer.run(main)
