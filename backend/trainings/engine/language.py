"""Training the last layers of a real language model; its lower layers run once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import NotDefinedError, OverBudgetError
from ...models.language import LanguageModel
from ...models.memory import free_bytes
from .side_by_side import Record

CLIP = 1.0
_IGNORED = -100

Measure = Callable[["LanguageTraining"], Mapping[str, np.ndarray]]


class LanguageTraining:
    """AdamW without decay on passages, gradients clipped to norm 1; see ``base.Training``.

    Args:
        model: changed in place; nobody else may use it.
        passages: token ids, int64 [T] each.
        layers: how many of the last are trained, with the final norm; all parameters from the
            model's own number on.
        rate: learning rate.
        epochs: how often every passage is read.
        batch: passages in a step.
        seed: of their order.
        measure: returns float32 [1, ...] by name; called at step 0 and after every step.

    Raises:
        NotDefinedError: the model has no final norm where it is looked for.
        OverBudgetError: there is not enough memory; with both numbers.
    """

    def __init__(
        self,
        model: LanguageModel,
        passages: Sequence[Tensor],
        layers: int,
        rate: float,
        epochs: int,
        batch: int,
        seed: int,
        measure: Measure,
    ) -> None:
        self.layers = min(layers, len(model.layers))
        self._model, self._measure, self._batch = model, measure, batch
        self._passages = list(passages)
        self._per_epoch = -(-len(passages) // batch)
        self.steps = epochs * self._per_epoch
        self._norm = getattr(model.torch_model.base_model, "norm", None)
        if self._norm is None:
            raise NotDefinedError(
                f"{model.facts.name} has no final norm that this training knows; train another."
            )
        self._trained = self._parameters()
        _check_memory(self._trained)
        for each in model.torch_model.parameters():
            each.requires_grad_(False)
        self._base = [each.detach().clone() for each in self._trained]
        for each in self._trained:
            each.requires_grad_(True)
        self._optimiser = torch.optim.AdamW(self._trained, lr=rate, weight_decay=0.0)
        self._generator = torch.Generator().manual_seed(seed)
        self._order: list[int] = []
        self._step, self._recorded, self._elapsed = 0, -1, 0.0
        self._loss = float("nan")
        self._length = max(map(len, passages))
        self._padded = torch.stack([F.pad(e, (0, self._length - len(e))) for e in passages])
        self._below: Prefix | None = None

    @property
    def begun(self) -> bool:
        """Whether a step was done."""
        return self._step > 0

    @property
    def whole(self) -> bool:
        """Whether all parameters are trained."""
        return self.layers == len(self._model.layers)

    def records(self) -> Iterator[Record]:
        """Yield the records that are still to come."""
        began = time.perf_counter() - self._elapsed
        while True:
            if self._recorded < self._step:
                self._recorded = self._step
                values = {"loss": np.array([self._loss], np.float32), **self._measure(self)}
                self._elapsed = time.perf_counter() - began
                yield Record(self._step, values, self._elapsed, np.array([-1], np.int32))
            if self._step >= self.steps:
                return
            self._learn()
            self._step += 1

    @torch.no_grad()
    def logits(self, ids: Tensor) -> Tensor:
        """Return the logits [T, V] of a text, int64 [T]."""
        return self._head(self._hidden(ids[None]))[0].float()

    @torch.no_grad()
    def restore(self) -> None:
        """Put the first weights back."""
        for each, base in zip(self._trained, self._base, strict=True):
            each.copy_(base)

    def dump(self) -> dict[str, Any]:
        """Return everything that changes."""
        moments = self._optimiser.state_dict()["state"]
        return {
            "step": self._step,
            "recorded": self._recorded,
            "elapsed": self._elapsed,
            "loss": self._loss,
            "order": list(self._order),
            "generator": self._generator.get_state(),
            "parameters": [each.detach().clone() for each in self._trained],
            "moments": {
                key: {name: each.clone() for name, each in value.items()}
                for key, value in moments.items()
            },
        }

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Go back to where ``dump`` was called."""
        self._step, self._recorded = dumped["step"], dumped["recorded"]
        self._elapsed, self._loss = dumped["elapsed"], dumped["loss"]
        self._order = list(dumped["order"])
        self._generator.set_state(dumped["generator"])
        with torch.no_grad():
            for each, value in zip(self._trained, dumped["parameters"], strict=True):
                each.copy_(value)
        whole = self._optimiser.state_dict()
        self._optimiser.load_state_dict({**whole, "state": dumped["moments"]})

    def _parameters(self) -> list[Tensor]:
        if self.whole:
            return list(self._model.torch_model.parameters())
        own = [each for layer in self._model.layers[-self.layers :] for each in layer.parameters()]
        return [*own, *self._norm.parameters()]  # type: ignore[union-attr]

    def _learn(self) -> None:
        if not self._order:
            self._order = torch.randperm(len(self._passages), generator=self._generator).tolist()
        rows, self._order = self._order[: self._batch], self._order[self._batch :]
        hidden = self._hidden_of(rows)
        targets = torch.full((len(rows), self._length), _IGNORED)
        for place, row in enumerate(rows):
            text = self._passages[row]
            targets[place, : len(text) - 1] = text[1:]
        real = targets != _IGNORED  # the head is the dearest part: only where something follows
        loss = F.cross_entropy(self._head(hidden[real]).float(), targets[real])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._trained, CLIP)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        self._loss = float(loss.detach())

    def _head(self, hidden: Tensor) -> Tensor:
        return self._model.torch_model.get_output_embeddings()(hidden)  # type: ignore[misc]

    def _hidden_of(self, rows: list[int]) -> Tensor:
        """Return the normed states [B, T, D] of passages, padded on the right."""
        if self.whole:
            return self._hidden(self._padded[rows])
        if self._below is None:  # the lower layers never change
            self._below = self._run_prefix(self._padded)
        return self._above(self._below.rows(rows))

    def _hidden(self, ids: Tensor) -> Tensor:
        """Return the normed states [B, T, D] of ids [B, T]."""
        if self.whole:
            return self._model.torch_model.base_model(
                input_ids=ids, use_cache=False
            ).last_hidden_state
        return self._above(self._run_prefix(ids))

    def _above(self, prefix: Prefix) -> Tensor:
        hidden = prefix.hidden
        for layer in self._model.layers[-self.layers :]:
            output = layer(hidden, **prefix.given)
            hidden = output if isinstance(output, Tensor) else output[0]
        return self._norm(hidden)  # type: ignore[misc]

    @torch.no_grad()
    def _run_prefix(self, ids: Tensor) -> Prefix:
        found: list[Prefix] = []

        def see(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            rest = {name: each for name, each in kwargs.items() if name != "hidden_states"}
            hidden = args[0] if args else kwargs["hidden_states"]
            found.append(Prefix(hidden.clone(), rest))
            raise _EnoughError

        first = self._model.layers[-self.layers]
        handle = first.register_forward_pre_hook(see, with_kwargs=True)
        try:
            self._model.torch_model.base_model(input_ids=ids, use_cache=False)
        except _EnoughError:
            pass
        finally:
            handle.remove()
        return found[0]


class Prefix:
    """The states [B, T, D] before the first trained layer, and what else layers are given."""

    def __init__(self, hidden: Tensor, given: dict[str, Any]) -> None:
        self.hidden, self.given = hidden, given

    def rows(self, rows: list[int]) -> Prefix:
        """Return the part of some texts."""

        def part(value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(map(part, value))
            whole = isinstance(value, Tensor) and value.shape[0] == len(self.hidden)
            return value[rows] if whole else value

        return Prefix(self.hidden[rows], {name: part(each) for name, each in self.given.items()})


class _EnoughError(Exception):
    """The layers below have run."""


def _check_memory(trained: Sequence[Tensor]) -> None:
    # The first weights, gradients and two moments beside what is there.
    needed = 4 * sum(each.numel() * each.element_size() for each in trained)
    free = free_bytes(torch.device("cpu"))
    if needed > free:
        raise OverBudgetError(
            f"Training these layers needs {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free. "
            "Train fewer layers."
        )
