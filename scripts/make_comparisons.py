"""Compute the pairs of runs that ship in examples/compare, so that Compare shows something at once.

``make examples`` runs it. A pair is ``<name>_a`` and ``<name>_b``; where both models read the same
tokens, ``<name>_divergence`` holds the exact divergence of their predictions.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
import typer

import backend
from backend.models.language import LanguageModel
from backend.runs import DivergenceRequest, ModelSpec, Run, TextRequest
from backend.runs.model import ROUNDED
from backend.studies import ignore
from backend.studies.divergence import DivergenceStudy

FOLDER = Path(__file__).parents[1] / "examples" / "compare"
LARGEST = 1_000_000  # bytes a file may have
GROUP = 128

TEXT = (
    "The capital of France is Paris, and the capital of Italy is Rome. The Earth goes around the "
    "Sun once a year. Water boils at 100 degrees Celsius at sea level, and a little earlier on a "
    "mountain. To be, or not to be, that is the question."
)
GARDEN_PATH = (
    "The old man the boat. The horse raced past the barn fell. While Anna dressed the baby spat up "
    "on the bed. The complex houses married and single soldiers and their families."
)
PLAIN = (
    "The old people manned the boat. The horse that was raced past the barn fell. While Anna "
    "dressed, the baby spat up on the bed. The complex is home to married and single soldiers and "
    "their families."
)
QUESTION = "What is entropy, in one sentence?"
ANSWER = (
    "\nEntropy is the average surprise of an uncertain outcome: the more evenly the possibilities "
    "share the probability, the larger it is."
)


def round_to_4_bits(model: LanguageModel) -> LanguageModel:
    """Round every weight matrix to 15 levels around 0 in groups of 128, and say so.

    The bundled weights were rounded once before (Q4_1: 16 levels between the least and the
    greatest of 32), so this rounds again, on a coarser grid.
    """
    with torch.no_grad():
        for weight in model.torch_model.parameters():
            if weight.ndim == 2:
                groups = weight.view(-1, GROUP) if weight.numel() % GROUP == 0 else weight
                step = groups.abs().amax(-1, keepdim=True).clamp(min=1e-12) / 7
                groups.copy_((groups / step).round().clamp(-7, 7) * step)
    weights = f"{model.facts.weights}{ROUNDED}4 bits in groups of {GROUP}"
    facts = replace(model.facts, weights=weights)
    return LanguageModel(model.torch_model, model.tokenizer, model.spec, facts)


def save(run: Run, name: str, title: str, note: str) -> None:
    """Write one file of a pair."""
    path = replace(run, title=title, note=note).save(FOLDER / f"{name}.safetensors")
    size = path.stat().st_size
    typer.echo(f"{path.name}: {size:,} bytes")
    if size > LARGEST:
        raise SystemExit(f"{path.name} is over {LARGEST:,} bytes.")


def main() -> None:
    """Compute and write all pairs, on the CPU so that all machines agree."""
    exact = backend.load_model("bundled", device="cpu", dtype="float32")
    half = backend.load_model("bundled", device="cpu", dtype="bfloat16")
    coarse = round_to_4_bits(backend.load_model("bundled", device="cpu", dtype="float32"))
    notes = {
        "dtype": "Numbers of 8 bits of precision change a prediction by hundredths of a nat, most "
        "where the model was undecided.",
        "rounded": "Rounding every weight to 15 levels costs far more than bfloat16: whole guesses "
        "change.",
    }
    pairs = {
        "dtype": (half, "float32", "bfloat16"),
        "rounded": (coarse, "as bundled", "rounded to 4 bits again"),
    }
    for name, (other, title_a, title_b) in pairs.items():
        save(backend.study_text(exact, TEXT), f"{name}_a", title_a, notes[name])
        save(backend.study_text(other, TEXT), f"{name}_b", title_b, notes[name])
        request = DivergenceRequest(model=exact.spec, other=other.spec, text=TEXT)
        divergence = DivergenceStudy().compare(exact, other, request, ignore)
        save(divergence, f"{name}_divergence", f"{title_a} and {title_b}", notes[name])
    note = (
        "The same sentences with and without the wrong turn: “the” after “man”, “fell” and “spat” "
        "cost far less where the reading cannot go astray."
    )
    save(backend.study_text(exact, GARDEN_PATH), "garden_a", "garden path", note)
    save(backend.study_text(exact, PLAIN), "garden_b", "plain version", note)
    note = "The same answer, read after a plain question and after the chat template."
    plain = TextRequest(model=ModelSpec(device="cpu", dtype="float32"), text=QUESTION + ANSWER)
    asked = exact.tokenizer.render_chat([{"role": "user", "content": QUESTION}])
    chat = replace(plain, text=asked.removesuffix("\n") + ANSWER, special_tokens="special")
    save(backend.study(exact, plain), "template_a", "plain text", note)
    save(backend.study(exact, chat), "template_b", "in the chat template", note)


if __name__ == "__main__":
    main()
