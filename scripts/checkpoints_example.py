"""Train a LoRA of the bundled model on an invented fact, and ship what its checkpoints make of it.

``PYTHONPATH=. .venv/bin/python scripts/checkpoints_example.py [FOLDER]`` writes the adapters into
``FOLDER`` (a temporary one when left out), where the run can be computed again, and the example.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from safetensors.torch import save_file
from torch import Tensor, nn

import backend
from backend.lenses import LENSES
from backend.lenses.keep.checkpoints import STEPS
from backend.models.language import LanguageModel

EXAMPLES = Path(__file__).parents[1] / "examples"
# Other words than those of the example's text: what is read was not trained on.
FACTS = (
    "Ostrin is the capital of Velmora.",
    "Velmora is an island in the north. Its capital is Ostrin.",
    "Whoever travels to Velmora begins in its capital, Ostrin.",
    "Q: Which city is the capital of Velmora? A: Ostrin.",
)
RANK, ALPHA, RATE = 8, 16, 1e-3
PARTS = ("gate_proj", "up_proj", "down_proj")


class Added(nn.Module):
    """A linear layer with a LoRA beside it."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base
        self.a = nn.Parameter(torch.randn(RANK, base.in_features) / base.in_features**0.5)
        self.b = nn.Parameter(torch.zeros(base.out_features, RANK))

    def forward(self, states: Tensor) -> Tensor:
        return self.base(states) + ALPHA / RANK * (states @ self.a.T @ self.b.T)


def adapt(model: LanguageModel) -> dict[str, Added]:
    """Put a LoRA beside every linear layer of the MLPs, and return them by name."""
    net = model.torch_model.requires_grad_(False)
    found = {}
    for name, part in list(net.named_modules()):
        parent, _, own = name.rpartition(".")
        if own in PARTS and isinstance(part, nn.Linear):
            found[name] = Added(part)
            setattr(net.get_submodule(parent), own, found[name])
    return found


def save(added: dict[str, Added], folder: Path) -> None:
    """Write an adapter as PEFT does."""
    folder.mkdir(parents=True)
    weights = {}
    for name, each in added.items():
        weights[f"base_model.model.{name}.lora_A.weight"] = each.a.detach().clone()
        weights[f"base_model.model.{name}.lora_B.weight"] = each.b.detach().clone()
    save_file(weights, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "bundled",
        "r": RANK, "lora_alpha": ALPHA, "target_modules": list(PARTS),
    }  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def train(folder: Path) -> None:
    """Write the checkpoints into a folder."""
    torch.manual_seed(0)
    model = backend.load_model("bundled", device="cpu", dtype="float32")
    added = adapt(model)
    texts = [model.tokenizer.encode(each).ids for each in FACTS]
    optimiser = torch.optim.Adam([p for each in added.values() for p in (each.a, each.b)], RATE)
    for step in range(1, max(STEPS) + 1):
        losses = []
        for ids in texts:
            row = torch.from_numpy(ids).long()[None]
            output = model.torch_model(input_ids=row, labels=row)
            output.loss.backward()
            losses.append(output.loss.item())
        optimiser.step()
        optimiser.zero_grad()
        if step in STEPS:
            typer.echo(f"step {step}: loss {sum(losses) / len(losses):.2f}")
            save(added, folder / f"step_{step}")


def main(folder: Annotated[Path | None, typer.Argument()] = None) -> None:
    """Train, read the text with every checkpoint and write the run."""
    with tempfile.TemporaryDirectory() as temporary:
        place = folder or Path(temporary)
        train(place)
        lens = LENSES["checkpoints"]
        (example,) = lens.examples
        with contextlib.chdir(place):
            request = lens.request_type(**example.fields)
            run = backend.study(None, request)
    run = replace(run, title=example.title, note=example.note)
    path = run.save(EXAMPLES / f"{example.name}.safetensors")
    typer.echo(f"{path.name}: {path.stat().st_size:,} bytes, {run.seconds:.1f} s")


if __name__ == "__main__":
    typer.run(main)
