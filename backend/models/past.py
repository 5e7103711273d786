"""What a model keeps of the tokens it has read, so that the next one costs one small step."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import Cache

# What families call their cache of keys, values and states: most; state space models (Mamba); all
# until transformers 5.23.
_CACHE_NAMES = ("cache", "cache_params", "past_key_values")
# Tensors [B, …] that RecurrentGemma keeps in its modules instead.
_IN_MODULES = ("conv1d_state", "recurrent_states")

Run = Callable[..., Any]
"""Runs a model on ``input_ids`` and whatever its family takes; returns its output."""


class Past(ABC):
    """What was read before, one text a row; a subclass for each way to keep it.

    Attributes:
        tokens: how many every row has read.
    """

    def __init__(self) -> None:
        self.tokens = 0

    def read(self, run: Run, ids: Tensor) -> Tensor:
        """Read ``ids`` [B, T] after what was read before; return their hidden states [B, T, D]."""
        hidden = self._read(run, ids)
        self.tokens += ids.shape[1]
        return hidden

    @abstractmethod
    def _read(self, run: Run, ids: Tensor) -> Tensor: ...

    @abstractmethod
    def select(self, rows: Tensor) -> None:
        """Go on with ``rows``, integers [R]: each may come once, often or not at all."""

    @contextmanager
    def branched(self, rows: Tensor) -> Iterator[None]:
        """Go on with ``rows`` inside the block; after it, all is as it was before."""
        tokens, held = self.tokens, self._hold()
        self.select(rows)
        try:
            yield
        finally:
            self.tokens = tokens
            self._return_to(held)

    @abstractmethod
    def _hold(self) -> Any:
        """Return what is there now, in a form that what is read from here on does not change."""

    @abstractmethod
    def _return_to(self, held: Any) -> None: ...


class CachedPast(Past):
    """Keys and values, and states where layers have some, in a cache of transformers."""

    def __init__(self, model: PreTrainedModel, name: str) -> None:
        super().__init__()
        self._name = name
        # A cache of the family's own comes with its first output.
        self._cache: Cache | None = (
            None if _makes_its_own(model) else DynamicCache(config=model.config)
        )

    def _read(self, run: Run, ids: Tensor) -> Tensor:
        given = {} if self._cache is None else {self._name: self._cache}
        output = run(input_ids=ids, use_cache=True, **given)
        if self._cache is None:
            self._cache = next(getattr(output, each) for each in _CACHE_NAMES if each in output)
        return output.last_hidden_state

    def select(self, rows: Tensor) -> None:
        if self._cache is None:
            return
        self._cache.reorder_cache(cast(torch.LongTensor, rows))
        # States that MiniMax forgets when it reorders; layers without one have an empty list.
        states: list[Any] = getattr(self._cache, "linear_cache", [])
        for layer, state in enumerate(states):
            if isinstance(state, Tensor):
                states[layer] = state.index_select(0, rows.to(state.device))

    def _hold(self) -> Any:
        held = self._cache
        self._cache = copy.deepcopy(held)  # a cache is extended in place
        return held

    def _return_to(self, held: Any) -> None:
        self._cache = held


class ModulePast(CachedPast):
    """A cache, and states that the modules of the model itself hold (RecurrentGemma)."""

    def __init__(self, model: PreTrainedModel, name: str) -> None:
        super().__init__(model, name)
        self._modules = [part for part in model.modules() if _held_by(part)]
        for part in self._modules:  # what an earlier text has left
            for held in _held_by(part):
                setattr(part, held, None)

    def select(self, rows: Tensor) -> None:
        super().select(rows)
        for part in self._modules:
            for held in _held_by(part):
                state = getattr(part, held)
                if state is not None:
                    setattr(part, held, state.index_select(0, rows.to(state.device)))

    def _hold(self) -> Any:
        states = [
            {name: copy.deepcopy(getattr(part, name)) for name in _held_by(part)}
            for part in self._modules
        ]
        return super()._hold(), states

    def _return_to(self, held: Any) -> None:
        cache, states = held
        super()._return_to(cache)
        for part, own in zip(self._modules, states, strict=True):
            for name, state in own.items():
                setattr(part, name, state)


class StatePast(Past):
    """The state of RWKV, one for each row: its code mixes the rows of a batch up."""

    def __init__(self) -> None:
        super().__init__()
        self._states: list[list[Tensor] | None] = []

    def _read(self, run: Run, ids: Tensor) -> Tensor:
        before = self._states if self.tokens else [None] * len(ids)
        outputs = [
            run(input_ids=row[None], use_cache=True, state=state)
            for row, state in zip(ids, before, strict=True)
        ]
        self._states = [each.state for each in outputs]
        return torch.cat([each.last_hidden_state for each in outputs])

    def select(self, rows: Tensor) -> None:
        # The model writes into the state that it is given, so that each row needs its own.
        self._states = [[part.clone() for part in self._states[row] or []] for row in rows.tolist()]

    def _hold(self) -> Any:
        return self._states

    def _return_to(self, held: Any) -> None:
        self._states = held


class TextPast(Past):
    """The tokens themselves, read again with every step: for families that keep nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._ids = torch.zeros(0, 0, dtype=torch.long)

    def _read(self, run: Run, ids: Tensor) -> Tensor:
        self._ids = torch.cat([self._ids, ids], 1) if self.tokens else ids
        output = run(input_ids=self._ids, use_cache=False)
        return output.last_hidden_state[:, -ids.shape[1] :]

    def select(self, rows: Tensor) -> None:
        self._ids = self._ids[rows.to(self._ids.device)]

    def _hold(self) -> Any:
        return self._ids

    def _return_to(self, held: Any) -> None:
        self._ids = held


def new_past(model: PreTrainedModel, taken: Mapping[str, Any]) -> Past:
    """Return an empty past for ``model``, whose forward takes the arguments ``taken``."""
    name = next((each for each in _CACHE_NAMES if each in taken), None)
    if name is None:
        return StatePast() if "state" in taken else TextPast()
    if any(_held_by(part) for part in model.modules()):
        return ModulePast(model, name)
    return CachedPast(model, name)


def _held_by(part: nn.Module) -> list[str]:
    return [name for name in _IN_MODULES if name in vars(part)]


def _makes_its_own(model: PreTrainedModel) -> bool:
    """Tell whether a family takes no cache but one of its own class (MiniMax)."""
    takes_ours = getattr(model, "_supports_default_dynamic_cache", None)
    return takes_ours is not None and not takes_ours()
