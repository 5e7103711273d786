"""Maps from the states of every layer to the last ones: fitted here once per model, or a file's."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

import safetensors
import torch
from safetensors.torch import load, load_file, save

from ..errors import InputError
from ..measures.lens import LinearFit, unit_mean_square
from ..models.fingerprint import fingerprint
from ..models.offers import any_model
from ..progress import Progress, Report, ignore
from ..reading.reader import read
from ..reading.windows import one_window
from ..settings import settings
from ..storage.atomic import write_atomically
from ..storage.passages import passages
from ..taps.states import StatesTap

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.language import LanguageModel

RIDGE = 0.01
_PART = 512
"""Tokens read at once; the first of each part is an attention sink and left out."""
_TOKENS = "fitted_on"
# How a tuned lens of the tuned-lens package names the map of a layer.
_NAMES = ("{}.", "layer_translators.{}.")

_known: WeakKeyDictionary[LanguageModel, LinearLens] = WeakKeyDictionary()


@dataclass(frozen=True)
class LinearLens:
    """One affine map for every depth before the last.

    Attributes:
        label: for people.
        weights: [L, D, D]; a row vector of a state is multiplied from the left.
        biases: [L, D].
        form: "fitted" maps a state of mean square 1; "tuned" adds to the state as it is.
    """

    label: str
    weights: Tensor
    biases: Tensor
    form: Literal["fitted", "tuned"]

    def __call__(self, depth: int, states: Tensor) -> Tensor:
        """Return what ``states`` [R, D] at ``depth`` become; the last depth stays as it is."""
        if depth == len(self.weights):
            return states
        weight, bias = (each[depth].to(states) for each in (self.weights, self.biases))
        if self.form == "tuned":
            return states + states @ weight + bias
        return unit_mean_square(states) @ weight + bias


def known_lens(model: LanguageModel) -> LinearLens | None:
    """Return the lens of a model if it is fitted already, in this process or an earlier one."""
    if model not in _known:
        found = _stored(model)
        if found is not None:
            _known[model] = found
    return _known.get(model)


def fitting_bytes(model: LanguageModel) -> int:
    """Return the memory that fitting needs on top of the model; 0 where it is done."""
    facts = model.facts
    per_layer = 4 * facts.hidden_size * (2 * facts.hidden_size + 1)
    held = StatesTap().held_bytes(model, _PART)
    return 0 if known_lens(model) else 2 * facts.layers * per_layer + 2 * held


def fitting_work(model: LanguageModel) -> float:
    """Return about how many multiplications fitting takes; 0 where it is done."""
    facts = model.facts
    tokens = sum(map(len, passages())) / 4
    a_token = facts.parameters + 2 * facts.layers * facts.hidden_size**2
    return 0.0 if known_lens(model) else tokens * a_token


def fit_lens(model: LanguageModel, report: Report = ignore) -> LinearLens:
    """Return the linear lens of ``model``, fitted on ``passages`` and kept for the next time.

    Raises:
        CancelledError: ``report`` said so.
        OverBudgetError: the memory ran out.
    """
    found = known_lens(model)
    if found is not None:
        return found
    parts = _parts(model)
    layers, size = model.facts.layers, model.facts.hidden_size
    fit, total = LinearFit(size, layers), len(parts) + layers
    for number, ids in enumerate(parts):
        message = f"Fitting the linear lens: text {number + 1}"
        report(Progress(number, total, message, pausable=True))
        tap = StatesTap()
        read(model, ids.numpy(), one_window(len(ids)), [tap], ignore)
        with torch.inference_mode():
            ends = unit_mean_square(tap.states[-1][1:].float()).cpu()
            for depth in range(layers):
                fit.add(depth, unit_mean_square(tap.states[depth][1:].float()).cpu(), ends)
    weights, biases = torch.empty(layers, size, size), torch.empty(layers, size)
    for depth in range(layers):
        message = f"Fitting the linear lens: layer {depth + 1}"
        report(Progress(len(parts) + depth, total, message, pausable=True))
        weights[depth], biases[depth] = fit.solve(depth, RIDGE)
    with suppress(OSError):  # on a full disk it is fitted again next time
        _store(model, weights, biases, fit.pairs)
    lens = _known[model] = _fitted(weights.half(), biases.half(), fit.pairs)
    return lens


def read_lens(model: LanguageModel, file: str) -> LinearLens:
    """Return a tuned lens out of a ``.safetensors`` file: ``<layer>.weight`` and ``.bias``.

    These are the tensors of a lens of the tuned-lens package, saved without pickle.

    Raises:
        InputError: there is no such file, it is none of this model, or the server takes none.
    """
    if not any_model():
        raise InputError("This server reads no files but its own.")
    path = Path(file).expanduser()
    try:
        found = load_file(path)
    except (OSError, safetensors.SafetensorError) as error:
        raise InputError(f"{path.name} cannot be read as a .safetensors file.") from error
    layers, size = model.facts.layers, model.facts.hidden_size
    for name in _NAMES:
        weights = [found.get(f"{name.format(each)}weight") for each in range(layers)]
        biases = [found.get(f"{name.format(each)}bias") for each in range(layers)]
        maps = [each for each in weights if each is not None and each.shape == (size, size)]
        shifts = [each for each in biases if each is not None and each.shape == (size,)]
        if len(maps) == len(shifts) == layers:
            # As nn.Linear stores it: outputs first.
            stacked = torch.stack([each.T for each in maps])
            return LinearLens(f"tuned lens of {path.name}", stacked, torch.stack(shifts), "tuned")
    raise InputError(
        f"{path.name} is no tuned lens of this model: it needs 0.weight [{size}, {size}] and "
        f"0.bias [{size}], and so on for all {layers} layers."
    )


def _parts(model: LanguageModel) -> list[Tensor]:
    encoded = [torch.from_numpy(model.tokenizer.encode(each).ids) for each in passages()]
    room = min(_PART, model.facts.context or _PART)
    return [part for ids in encoded for part in ids.split(room) if len(part) > 1]


def _fitted(weights: Tensor, biases: Tensor, tokens: int) -> LinearLens:
    return LinearLens(f"linear lens, fitted on {tokens:,} tokens", weights, biases, "fitted")


def _file(model: LanguageModel) -> Path:
    texts = hashlib.sha256("\f".join(passages()).encode()).hexdigest()[:8]
    return settings().cache_dir / "lenses" / f"{fingerprint(model)}-{texts}.safetensors"


def _store(model: LanguageModel, weights: Tensor, biases: Tensor, tokens: int) -> None:
    # Half precision changes the divergence by less than 0.01 nats.
    data = save({"weights": weights.half(), "biases": biases.half()}, {_TOKENS: str(tokens)})
    write_atomically(_file(model), data)


def _stored(model: LanguageModel) -> LinearLens | None:
    path, size = _file(model), model.facts.hidden_size
    try:
        with safetensors.safe_open(path, "pt") as file:
            tokens = int((file.metadata() or {})[_TOKENS])
        found = load(path.read_bytes())
        weights, biases = found["weights"], found["biases"]
    except (OSError, KeyError, ValueError, safetensors.SafetensorError):
        return None  # not there, or damaged: it is fitted again
    if weights.shape != (model.facts.layers, size, size) or biases.shape != weights.shape[:2]:
        return None
    return _fitted(weights, biases, tokens)
