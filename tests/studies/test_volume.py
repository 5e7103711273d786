"""Volume: from texts to a spectrum, the box of three of them, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

import backend
from backend.derived import number
from backend.errors import InputError
from backend.lenses.write.volume import corners, three_of
from backend.models.sentences import sentence_encoder
from backend.storage.examples import EXAMPLES
from backend.storage.files import load_run

TEXTS = ("Paris", "Rome", "Paris", "a long way from here")


@pytest.fixture(scope="module")
def run(tiny_model):
    return backend.study_volume(tiny_model("gpt2"), question="Where?", texts=TEXTS)


def test_the_volume_is_the_determinant_of_the_embeddings(run):
    run.check()
    rows = sentence_encoder().embed(TEXTS).double().numpy()
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    for place, epsilon in enumerate(run.epsilons):
        if epsilon < 1e-6:  # a determinant by LU has no digits left there
            continue
        _, expected = np.linalg.slogdet(rows @ rows.T + epsilon * np.eye(4))
        assert run.volume[place] == pytest.approx(expected, abs=1e-4)
    assert float(number(run, "own").values) == run.volume[0]


def test_a_text_that_is_there_twice_adds_an_empty_direction(run):
    assert run.added[0] == pytest.approx(math.log(2 * run.request.epsilon), abs=0.1)
    assert run.added[0] == pytest.approx(run.added[2])
    assert -3 < run.added[3] < 0


def test_the_corners_of_a_box_have_the_angles_and_the_volume_of_its_texts(run):
    chosen = three_of(run, "first")
    gram = run.cosine.astype(np.float64)[np.ix_(chosen, chosen)]
    three, corner = corners(gram)
    np.testing.assert_allclose(three @ three.T, gram, atol=1e-6)
    np.testing.assert_allclose(corner[7], three.sum(0))
    assert three_of(run, "widest") in [(0, 1, 3), (1, 2, 3)]


def test_the_answers_are_drawn_where_no_texts_are_given(tiny_model):
    run = backend.study_volume(
        tiny_model("gpt2"), question="Where?", count=3, longest=3, form="as it stands"
    )
    assert len(run.texts) == 3
    assert run.cosine.shape == (3, 3)


def test_what_is_not_known_spans_more_than_what_is():
    unknown, known = (
        load_run(EXAMPLES / f"volume_{name}.safetensors") for name in ("burkina_faso", "france")
    )
    assert (unknown.volume > known.volume).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"question": " "}, "no question"),
        ({"texts": ("one",)}, "one text; a volume needs 2 to 32"),
        ({"texts": (" ", "")}, "0 texts"),
        ({"texts": ("x",) * 33}, "33 texts"),
        ({"texts": ("x " * 5_000_000, "y")}, "2,000 characters"),
        ({"epsilon": 0.0}, "between 0 and 0.1"),
        ({"count": 2}, "3 to 32"),
    ],
)
def test_what_has_no_volume_is_refused_in_one_line(given, words, tiny_model):
    with pytest.raises(InputError, match=words) as caught:
        backend.study_volume(tiny_model("gpt2"), **{"question": "Where?", **given})
    assert "\n" not in str(caught.value)
