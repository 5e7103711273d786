"""Hyperfitting a real language model: sixteen passages, read until they are known by heart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..measures.hyperfitting import (
    choice_agreement,
    longest_copied,
    matched_temperature,
    rank_before,
    repeated_ngrams,
    top_mass,
    type_token_ratio,
)
from ..models import load_model
from ..models.language import LanguageModel
from ..progress import Progress, Report
from ..quantities import Quantity
from ..runs.model import ModelFacts, ModelSpec
from ..runs.training import Copy, Measured, TrainingRun, Value
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment
from .engine.language import LanguageTraining

_TEXTS = (Path(__file__).parent / "data" / "passages.txt").read_text("utf-8").splitlines()
PASSAGES, HELD_OUT = _TEXTS[:-1], _TEXTS[-1]
PROMPTS = (
    "The old man opened the door and",
    "In the spring of that year the village",
    "She had always believed that",
    "The train stopped between two stations because",
    "When the letter finally arrived, nobody",
    "At the edge of the forest there was",
    "My brother told me that the only",
    "It was nearly midnight when the phone",
)
WRITTEN = 96
BATCH = 4
WHOLE = 30
"""Layers of the bundled model; its vocabulary is trained with the last of them."""


def _last(run: TrainingRun, name: str) -> float:
    return float(run.numbers[name][-1, 0])


def _of_writing(label: str, symbol: str, help: str, **more: float | str | int) -> Measured:
    quantity = Quantity(label, symbol, help=help, **more)  # type: ignore[reportArgumentType]
    return Measured(quantity, axes=("model", "prompt"), final=True)


def _of_tokens(label: str, symbol: str, help: str, **more: float | str | int) -> Measured:
    quantity = Quantity(label, symbol, help=help, **more)  # type: ignore[reportArgumentType]
    return Measured(quantity, axes=("token",))


@EXPERIMENTS.register("hyperfitting")
class Hyperfitting(Experiment):
    """The bundled model, its last layers or all of it; it is loaded anew and left alone."""

    title = "Hyperfitting"
    summary = "A real model learns sixteen passages by heart and becomes sure of everything."
    story = (
        "Entropy on a text that was not learned falls from 3.9 nats to under 2, while the model "
        "is more surprised by that text than before. It is not as if the temperature were lower: "
        "half of its first choices are others than the base model's, and no temperature changes "
        "a first choice. Repeats in its own writing become rarer when many layers are trained at "
        "a small rate, and not when few are at a large one. What it writes holds stretches of the "
        "passages. The loss cannot reach 0, as first words cannot be known. Few prompts were "
        "tried: take the ratios of words as an illustration."
    )
    seed_counts = (1, 1)
    choices = (
        Choice("layers", "Layers trained", "The last ones; 30 for the whole model.", 12, 1, 30),
        Choice("epochs", "Epochs", "How often every passage is read.", 10, 1, 20),
        Choice("learning_rate", "Learning rate", "Of AdamW without decay.", 1.5e-4, 1e-5, 1e-3),
    )
    measured: ClassVar[Mapping[str, Measured]] = {
        "held_out_entropy": Measured(
            Quantity(
                "Entropy on another text",
                "H",
                high=5,
                help="Mean over the tokens of a passage not learned from.",
            )
        ),
        "loss": Measured(
            Quantity("Loss on the passages", "L", high=5, help="Of the batch learned last.")
        ),
        "held_out_loss": Measured(
            Quantity("Loss on another text", "L", high=8, help="On a passage not learned from.")
        ),
        "top_mass": Measured(
            Quantity(
                "First choice",
                "p",
                "%",
                digits=0,
                help="Probability of the likeliest token, mean over that passage.",
            )
        ),
        "agreement": Measured(
            Quantity(
                "Same first choice",
                "",
                "%",
                digits=0,
                help="Places of that passage where the base model would choose the same.",
            )
        ),
        "matched_temperature": Measured(
            Quantity(
                "Matched temperature",
                "τ",
                "",
                high=1.2,
                help="At which the base model would be as unsure on average.",
            )
        ),
        "entropy": _of_tokens("Entropy", "H", "Before every token of that passage.", high=8),
        "rank_before": _of_tokens(
            "Rank before",
            "r",
            "Tokens the base model held likelier than the first choice now.",
            unit="tokens",
            low=1,
            high=1000,
            scale="log",
            digits=0,
        ),
        "type_token_ratio": _of_writing(
            "Different tokens", "TTR", "Of 96 tokens written greedily.", unit="%", digits=0
        ),
        "repeated": _of_writing(
            "Repeated 4-grams", "", "Share that stood before in the same text.", unit="%", digits=0
        ),
        "writing_entropy": _of_writing("Entropy while writing", "H", "Mean of 96 steps.", high=4),
        "copied": _of_writing(
            "Longest copied stretch",
            "",
            "Tokens that stand in a passage in this order.",
            unit="tokens",
            high=40,
            digits=0,
        ),
    }
    telling = "entropy"
    expected = (
        Expected(
            "entropy",
            "Entropy on another text falls below 2.2 nats.",
            lambda run: _last(run, "held_out_entropy"),
            0.5,
            2.2,
        ),
        Expected(
            "top_mass",
            "The first choice gets more than half.",
            lambda run: _last(run, "top_mass"),
            0.5,
            1.0,
        ),
        Expected(
            "agreement",
            "40 to 65 % of first choices are the base model's.",
            lambda run: _last(run, "agreement"),
            0.4,
            0.65,
        ),
        Expected(
            "worse_loss",
            "That text becomes more surprising, by a nat or more.",
            lambda run: float(np.diff(run.numbers["held_out_loss"][[0, -1], 0])[0]),
            0.3,
            4.0,
        ),
        Expected(
            "copies",
            "What it writes holds longer stretches of the passages.",
            lambda run: float(np.diff(run.results["copied"].max(1))[0]),
            1,
            60,
        ),
    )
    every = 1
    papers = (57,)
    cost = 68.0
    architecture = "the language model that is trained"
    data = ()

    @classmethod
    def memory(cls, chosen: Mapping[str, Value]) -> int:
        """Return the bytes of a copy of the bundled model, and of what training a layer takes."""
        layers = int(chosen["layers"])
        return 900_000_000 + layers * 60_000_000 + (500_000_000 if layers >= WHOLE else 0)

    def start(self, model: ModelSpec, report: Report) -> LanguageTraining:
        report(Progress(0, 0, "Loading a copy of the model"))
        spec = ModelSpec(model.source or "bundled", model.revision, device="cpu", dtype="float32")
        # Loaded anew, so that nothing that others use is changed.
        self._model = load_model(spec)
        self._held = _ids(self._model, HELD_OUT)
        self._written: dict[str, list[list[int]]] = {}
        passages = [_ids(self._model, text) for text in PASSAGES]
        self._passages = [each.tolist() for each in passages]
        training = LanguageTraining(
            self._model,
            passages,
            int(self.number("layers")),
            self.number("learning_rate"),
            int(self.number("epochs")),
            BATCH,
            self.seeds_used[0],
            self._measure,
        )
        self._base = training.logits(self._held)
        return training

    def labels(self) -> dict[str, list[str]]:
        tokens = [self._model.tokenizer.decode([each]) for each in self._held.tolist()]
        return {
            "token": tokens,
            "model": ["before", "after"],
            "prompt": [str(i + 1) for i in range(len(PROMPTS))],
        }

    def texts(self) -> dict[str, list[str]]:
        decode = self._model.tokenizer.decode
        return {name: [decode(each) for each in rows] for name, rows in self._written.items()}

    def copies(self, training: LanguageTraining) -> list[Copy]:
        numbers = {name: float(value) for name, value in self.chosen.items()}
        return [Copy(f"last {training.layers} layers", self.seeds_used[0], 0, numbers)]

    def facts(self, training: LanguageTraining) -> ModelFacts:
        return self._model.facts

    def finish(
        self, training: LanguageTraining, report: Report
    ) -> Iterator[Mapping[str, np.ndarray]]:
        """Write with the trained model and with the base model, and compare."""
        names = ("type_token_ratio", "repeated", "writing_entropy", "copied")
        found = {name: np.full((2, len(PROMPTS)), np.nan) for name in names}
        for row, age in ((1, "after"), (0, "before")):
            if age == "before":
                training.restore()
            tokens, entropy = self._write(report)
            self._written[age] = tokens
            found["type_token_ratio"][row] = [type_token_ratio(each) for each in tokens]
            found["repeated"][row] = [repeated_ngrams(each) for each in tokens]
            found["writing_entropy"][row] = entropy
            found["copied"][row] = [longest_copied(each, self._passages) for each in tokens]
            yield {name: each.copy() for name, each in found.items()}

    def _measure(self, training: LanguageTraining) -> dict[str, np.ndarray]:
        logits = training.logits(self._held)
        logs = torch.log_softmax(logits, -1)
        entropy = -(logs.exp() * logs).sum(-1)
        mean = float(entropy.mean())
        base = self._base if training.begun else logits
        values = {
            "held_out_loss": float(F.nll_loss(logs[:-1], self._held[1:])),
            "held_out_entropy": mean,
            "top_mass": float(top_mass(logits).mean()),
            "agreement": choice_agreement(base, logits),
            "matched_temperature": matched_temperature(base, mean, 24) if training.begun else 1.0,
        }
        found = {name: np.array([value], np.float32) for name, value in values.items()}
        ranks = rank_before(base, logits) + 1
        return {
            **found,
            "entropy": entropy[None].numpy(),
            "rank_before": ranks[None].float().numpy(),
        }

    @torch.no_grad()
    def _write(self, report: Report) -> tuple[list[list[int]], np.ndarray]:
        """Return what the model writes greedily after every prompt, and its mean entropy."""
        prompts = [_ids(self._model, text) for text in PROMPTS]
        length = min(map(len, prompts))
        ids = torch.stack([each[:length] for each in prompts])
        past, written, entropies = self._model.new_past(), [], []
        for step in range(WRITTEN):
            report(Progress(step, WRITTEN, "Writing"))
            hidden = self._model.hidden_states(ids, past=past)
            logs = torch.log_softmax(self._model.unembed(hidden[:, -1]).float(), -1)
            entropies.append(-(logs.exp() * logs).sum(-1))
            ids = logs.argmax(-1, keepdim=True)
            written.append(ids[:, 0])
        return torch.stack(written, 1).tolist(), torch.stack(entropies).mean(0).numpy()


def _ids(model: LanguageModel, text: str) -> Tensor:
    return torch.from_numpy(np.asarray(model.tokenizer.encode(text).ids, np.int64))
