"""The study of heads: their spectra over a text, and whether they look up what came before."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError, NotDefinedError
from ..measures.spectrum import spectral_entropy, spectrum
from ..progress import Progress, Report, ignore
from ..reading.encoding import token_fields
from ..reading.reader import read
from ..reading.windows import one_window
from ..runs.heads import HeadsRequest, HeadsRun
from ..taps.attention import AttentionRowsTap, after_last_occurrence
from ..taps.maps import MapsTap, own_maps
from ..taps.projections import ProjectionTap
from .base import STUDIES, ReadingStudy, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding

COPY = 96
"""Random tokens that are read twice to find the heads that look up."""
_FROM, _TO = 1000, 40_000
_NAMES = ("query_entropy", "key_entropy", "value_entropy")

_repeats: WeakKeyDictionary[LanguageModel, np.ndarray] = WeakKeyDictionary()


class _Spectra:
    """The entropies of all heads, filled in layer by layer."""

    def __init__(self, model: LanguageModel, kept: int) -> None:
        facts = model.facts
        self._kept, self._heads = kept, facts.heads
        self.turned = False
        self.arrays: dict[str, Any] = {
            name: np.full((facts.layers, facts.heads), np.nan, np.float32) for name in _NAMES
        }

    def add(self, layer: int, parts: Sequence[Tensor]) -> None:
        """Measure q [H, T, D], k and v [G, T, D] of a layer, the first token left out."""
        for name, part in zip(_NAMES, parts, strict=True):
            found = spectral_entropy(spectrum(part[:, 1:]), self._kept).float().cpu()
            if self._heads % len(found) == 0:
                shared = found.repeat_interleave(self._heads // len(found))
                self.arrays[name][layer] = shared.numpy()


class _OwnMaps(MapsTap):
    """Measures the layers that have a map for each of q, k and v."""

    def __init__(self, spectra: _Spectra) -> None:
        self.spectra = spectra

    def on_maps(self, layer: int, made: Sequence[Tensor]) -> None:
        self.spectra.add(layer, made)

    def work(self, model: LanguageModel, tokens: int) -> float:
        facts = model.facts
        size = facts.hidden_size // max(facts.heads, 1)
        heads = facts.layers * (facts.heads + 2 * facts.kv_heads)
        return heads * (2.0 * tokens * size**2 + 20 * size**3)


class _OneMap(ProjectionTap):
    """Measures the others as their attention takes them, with positions turned in."""

    def __init__(self, model: LanguageModel, spectra: _Spectra) -> None:
        self._spectra = spectra
        layers = range(model.facts.layers)
        self._layers = {layer for layer in layers if not own_maps(model, layer)}

    def on_projections(self, layer: int, projections: Sequence[Tensor]) -> None:
        if layer in self._layers:
            self._spectra.turned = True
            self._spectra.add(layer, [each[0] for each in projections])


class HeadsStudy(ReadingStudy):
    """Reads a text once; beside it, once per model, random tokens that come twice."""

    kind = "heads"

    def taps(
        self, model: LanguageModel, request: HeadsRequest, encoding: Encoding
    ) -> list[_OwnMaps | _OneMap]:
        if request.kept < 1:
            raise InputError(f"kept must be at least 1; it is {request.kept}.")
        spectra = _Spectra(model, request.kept)
        turned = _OneMap(model, spectra)
        # Watching attention changes how it is computed: only where it has to be.
        return [_OwnMaps(spectra), *([turned] if turned._layers else [])]

    def after(
        self,
        model: LanguageModel,
        request: HeadsRequest,
        encoding: Encoding,
        taps: Sequence[_OwnMaps],
        started: float,
        report: Report,
    ) -> None:
        report(Progress(0, 1, "Reading random tokens twice"))
        repeat_mass(model)

    def finish(
        self,
        model: LanguageModel,
        request: HeadsRequest,
        encoding: Encoding,
        taps: Sequence[_OwnMaps],
        started: float,
    ) -> HeadsRun:
        spectra = taps[0].spectra
        if len(encoding) > 2 and all(np.isnan(each).all() for each in spectra.arrays.values()):
            raise NotDefinedError(f"{model.facts.name} has no heads with queries, keys and values.")
        return HeadsRun(
            **provenance(model),
            **token_fields(encoding),
            request=request,
            seconds=time.perf_counter() - started,
            repeat_mass=repeat_mass(model),
            turned=spectra.turned,
            **spectra.arrays,
        )


STUDIES.register(HeadsStudy.kind)(HeadsStudy())


def repeat_mass(model: LanguageModel) -> np.ndarray:
    """Return the mean weight on what followed last time, float32 [L, H]; computed once per model.

    Over the second of two copies of random tokens; NaN in layers without a pattern.
    """
    if model not in _repeats:
        ids = repeated_ids(model)
        tap = AttentionRowsTap()
        read(model, ids, one_window(len(ids)), [tap], ignore)
        _repeats[model] = mean_where_repeated(tap.arrays()["induction_mass"], ids)
    return _repeats[model]


def repeated_ids(model: LanguageModel) -> np.ndarray:
    """Return a first token and random ones twice, int32; the same for every model of one size."""
    size, context = model.facts.vocab_size, model.facts.context or 2 * COPY + 1
    count, generator = min(COPY, (context - 1) // 2), torch.Generator().manual_seed(0)
    low, high = min(_FROM, size // 4), min(_TO, size)
    random = torch.randint(low, high, (count,), generator=generator)
    first = torch.from_numpy(model.tokenizer.encode("a", add_bos=_has_bos(model)).ids[:1])
    return torch.cat([first, random, random]).int().numpy()


def mean_where_repeated(mass: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return the mean of ``mass`` [..., T] over the tokens of ``ids`` [T] seen before, [...]."""
    again = after_last_occurrence(torch.from_numpy(ids)).numpy() >= 0
    return mass[..., again].mean(-1) if again.any() else np.full_like(mass[..., 0], np.nan)


def _has_bos(model: LanguageModel) -> bool:
    return model.tokenizer.bos_token is not None
