"""The translator: its file read as data only, and what it writes."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import torch

from backend.errors import InputError, ModelError, OverBudgetError
from backend.models.marian import END, load_translator, read_weights
from backend.runs.translation import TranslationRequest
from backend.studies import STUDIES

BANK = "The river bank was closed, so we walked along the bank."


def translate(source, **more):
    run = STUDIES["translation"].run(
        None, TranslationRequest(source=source, **more), lambda _: None
    )
    run.check()
    return run


def written(tensors):
    """Return bytes as Marian writes them: header, names, shapes, padding, values."""
    names = b"".join(name.encode() + b"\0" for name, *_ in tensors)
    heads = [(len(name) + 1, kind, len(shape), len(data)) for name, kind, shape, data in tensors]
    shapes = b"".join(struct.pack(f"<{len(shape)}i", *shape) for _, _, shape, _ in tensors)
    head = struct.pack("<2Q", 1, len(tensors)) + b"".join(struct.pack("<4Q", *h) for h in heads)
    return (
        head + names + shapes + struct.pack("<Q", 4) + b"\0" * 4 + b"".join(t[3] for t in tensors)
    )


def test_eight_bit_weights_lie_by_columns_and_the_embedding_by_rows(tmp_path):
    stored = np.arange(6, dtype=np.int8).tobytes() + struct.pack("<f", 2.0)
    plain = np.array([1.5, -2.0], np.float32).tobytes()
    path = tmp_path / "model.bin"
    path.write_bytes(
        written(
            [
                ("Wemb", 0x4101, (2, 3), stored),
                ("W", 0x4101, (2, 3), stored),
                ("b", 0x404, (1, 2), plain),
                ("special:model.yml", 0x101, (4,), b"text"),
            ]
        )
    )
    found = read_weights(path)
    assert found["Wemb"].tolist() == [[0, 0.5, 1], [1.5, 2, 2.5]]
    assert found["W"].tolist() == [[0, 1, 2], [0.5, 1.5, 2.5]]
    assert found["b"].tolist() == [[1.5, -2.0]]
    assert "special:model.yml" not in found


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04" * 8,
        struct.pack("<2Q", 1, 10**9),
        struct.pack("<6Q", 1, 1, 9, 1, 1, 1 << 60),
    ],
    ids=["empty", "a zip", "too many tensors", "a huge tensor"],
)
def test_a_file_of_another_kind_is_refused(tmp_path, data):
    path = tmp_path / "model.bin"
    path.write_bytes(data)
    with pytest.raises(ModelError):
        read_weights(path)


def test_it_says_what_the_engine_of_the_package_says():
    run = translate(BANK)
    end = "</s>"
    assert run.text == f"A margem do rio foi fechada, então caminhamos ao longo da margem.{end}"
    assert len(run) == 16
    assert 0.9 < run.entropy.max() < 1.0
    back = translate("O gato dorme.", direction="Portuguese → English")
    assert back.text == f"The cat sleeps.{end}"


def test_attention_of_every_head_and_step_is_a_distribution_over_the_source():
    run = translate(BANK)
    np.testing.assert_allclose(run.cross.sum(-1), 1, atol=1e-5)
    assert (run.cross_entropy <= np.log(run.cross.shape[-1]) + 1e-5).all()
    assert run.encoder_entropy.shape == (6, 8, run.cross.shape[-1])


def test_entropy_is_that_of_the_whole_vocabulary_in_float64():
    run = translate(BANK)
    translator = load_translator("English → Portuguese")
    ids = [*translator.tokenizer.encode(BANK, add_special_tokens=False).ids, END]
    encoded = translator.encode(torch.tensor(ids))
    cells, before = None, None
    for place, token in enumerate(run.token_ids.tolist()):
        step = translator.step(encoded, place, before, cells)
        of = torch.distributions.Categorical(logits=step.logits.double())
        assert float(of.entropy()) == pytest.approx(float(run.entropy[place]), abs=1e-4)
        cells, before = step.cells, token


def test_a_given_translation_is_scored_and_not_written():
    run = translate("The bank was closed.", translation="O banco estava fechado.")
    assert run.text == "O banco estava fechado.</s>"
    assert run.rank[2] == 2  # ' estava': it would have said ' foi'


def test_what_cannot_be_translated_says_why():
    with pytest.raises(InputError, match="no text"):
        translate("  ")
    with pytest.raises(OverBudgetError, match="reads 127"):
        translate("word " * 200)
