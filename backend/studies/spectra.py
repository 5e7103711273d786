"""The study of spectra: every depth measured while the text is read, its states dropped."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError
from ..measures.diffusion import diffusion_spectral_entropy
from ..measures.spectrum import matrix_entropy, matrix_nuclear_norm, spectral_entropy, spectrum
from ..reading.encoding import token_fields
from ..runs.spectra import SHOWN_DIRECTIONS, SpectraRequest, SpectraRun
from ..taps.residual import ResidualTap
from .base import STUDIES, ReadingStudy, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding

DIFFUSED = 384
"""Tokens that diffusion spectral entropy is computed from: its cost grows with their cube."""
_NUMBERS = ("matrix_entropy", "with_first", "nuclear_norm", "diffusion_entropy", "norm")

_TIMED: tuple[str, ...] = ("matrix_entropy", "nuclear_norm", "diffusion_entropy")


class SpectraTap(ResidualTap):
    """Measures every depth and drops it.

    Attributes:
        arrays: of a SpectraRun.
        seconds_of: how long each measure took so far.
        measured, diffused: numbers of tokens, the first left out.
    """

    def __init__(self, most: int) -> None:
        self._most = most

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        depths, tokens = model.facts.layers + 1, ids.shape[1]
        self.arrays: dict[str, Any] = {
            name: np.full(depths, np.nan, np.float32) for name in (*_NUMBERS, "first_norm")
        }
        self.arrays["eigenvalues"] = np.full((depths, SHOWN_DIRECTIONS), np.nan, np.float32)
        self.seconds_of = dict.fromkeys(_TIMED, 0.0)
        self._places = _evenly(tokens, self._most)
        self._fewer = self._places[_evenly(len(self._places) + 1, DIFFUSED) - 1]
        self.measured, self.diffused = len(self._places), len(self._fewer)

    def peak_bytes(self, model: LanguageModel, tokens: int) -> int:
        rows, size = min(tokens, self._most), model.facts.hidden_size
        return 8 * (4 * rows * size + 3 * min(rows, size) ** 2 + 6 * min(rows, DIFFUSED) ** 2)

    def work(self, model: LanguageModel, tokens: int) -> float:
        rows, size = min(tokens, self._most), model.facts.hidden_size
        small = min(rows, size)
        each = 2 * rows * size * small + 20 * small**3 + 10 * min(rows, DIFFUSED) ** 3
        return float((model.facts.layers + 1) * each)

    def on_residual(self, depth: int, hidden: Tensor) -> None:
        states = hidden[0].float()
        found = self.arrays
        found["first_norm"][depth] = float(states[0].norm())
        if not self.measured:
            return
        rows = states[self._places]
        found["norm"][depth] = float(rows.norm(dim=-1).mean())
        if self.measured < 2:
            return
        eigenvalues = self._timed("matrix_entropy", lambda: spectrum(rows))
        found["matrix_entropy"][depth] = float(spectral_entropy(eigenvalues))
        shown = eigenvalues[:SHOWN_DIRECTIONS].cpu().numpy()
        found["eigenvalues"][depth] = 0
        found["eigenvalues"][depth, : len(shown)] = shown
        with_first = torch.cat([states[:1], rows])
        found["with_first"][depth] = float(matrix_entropy(with_first))
        norm = self._timed("nuclear_norm", lambda: matrix_nuclear_norm(rows))
        found["nuclear_norm"][depth] = float(norm) / len(rows)
        fewer = states[self._fewer]
        found["diffusion_entropy"][depth] = float(
            self._timed("diffusion_entropy", lambda: diffusion_spectral_entropy(fewer))
        )

    def _timed(self, name: str, measure: Callable[[], Tensor]) -> Tensor:
        started = time.perf_counter()
        found = measure().cpu()  # an accelerator answers before it is done
        self.seconds_of[name] += time.perf_counter() - started
        return found


def _evenly(tokens: int, most: int) -> Tensor:
    """Return the places of at most ``most`` of the tokens behind the first, evenly spaced."""
    behind = tokens - 1
    return torch.linspace(1, max(behind, 1), min(behind, most)).round().long()


class SpectraStudy(ReadingStudy):
    """Reads a text once; nothing of it is kept but one row of numbers a depth."""

    kind = "spectra"

    def taps(
        self, model: LanguageModel, request: SpectraRequest, encoding: Encoding
    ) -> list[SpectraTap]:
        if request.most < 2:
            raise InputError(f"most must be at least 2; it is {request.most}.")
        return [SpectraTap(request.most)]

    def finish(
        self,
        model: LanguageModel,
        request: SpectraRequest,
        encoding: Encoding,
        taps: Sequence[SpectraTap],
        started: float,
    ) -> SpectraRun:
        tap = taps[0]
        return SpectraRun(
            **provenance(model),
            **token_fields(encoding),
            request=request,
            seconds=time.perf_counter() - started,
            measured=tap.measured,
            diffused=tap.diffused,
            seconds_of=tap.seconds_of,
            **tap.arrays,
        )


STUDIES.register(SpectraStudy.kind)(SpectraStudy())
