"""Flow: every row is what the whole text gives, sums add up, and refusals are one line."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import backend
from backend.derived import number
from backend.derived.flow import mixture
from backend.errors import InputError
from backend.lenses.read._flow_charts import bands, words_of
from backend.reading.continuations import behind

ASKED = {"context": "One a. Two b. Three c.", "question": "Which?", "answer": "two or b"}


@torch.inference_mode()
def read_whole(model, sentences, run):
    """Return log p of the answer's tokens behind some sentences, float64, from one plain pass."""
    parts = [behind(model, f" {each}" if place else each) for place, each in sentences]
    question = behind(model, f"\n\nQuestion: {run.request.question}\nAnswer:")
    before = np.concatenate([*parts, question]).tolist()
    ids = torch.tensor([[*before, *run.token_ids.tolist()]])
    rows = model.torch_model(ids).logits[0, len(before) - 1 : -1].double().log_softmax(-1)
    return rows.gather(-1, ids[0, len(before) :, None])[:, 0].numpy(), rows


@pytest.mark.parametrize("family", ["gpt2", "qwen3", "gemma3"])
def test_every_row_is_what_the_text_itself_gives(family, tiny_model):
    model = tiny_model(family)
    run = backend.study_flow(model, **ASKED)
    given = list(enumerate(run.sentences))
    assert run.sentences == ["One a.", "Two b.", "Three c."]
    for place in range(3):
        found = read_whole(model, given[: place + 1], run)[0]
        np.testing.assert_allclose(run.behind[place], found, atol=1e-3)
        rest = [each for each in given if each[0] != place]
        np.testing.assert_allclose(run.without[place], read_whole(model, rest, run)[0], atol=1e-3)
    alone, low = read_whole(model, [], run)
    whole, high = read_whole(model, given, run)
    np.testing.assert_allclose(run.alone, alone, atol=1e-3)
    np.testing.assert_allclose(run.whole, whole, atol=1e-3)
    np.testing.assert_allclose(run.expected, (high.exp() * (high - low)).sum(-1), atol=1e-3)


def test_sentences_in_order_sum_to_the_flow_of_the_whole(tiny_model):
    run = backend.study_flow(tiny_model("gpt2"), **ASKED)
    total = float((run.whole - run.alone).sum())
    assert number(run, "sentence_step").values.sum() == pytest.approx(total, abs=1e-3)
    assert float(number(run, "sum_rule").values) < 1e-3
    only = number(run, "sentence_only").values.sum()
    assert float(number(run, "shared").values) == pytest.approx(total - only, abs=1e-4)


def test_a_single_sentence_tells_all_there_is(tiny_model):
    run = backend.study_flow(tiny_model("gpt2"), **{**ASKED, "context": "One a."})
    np.testing.assert_allclose(run.without[0], run.alone)


def test_a_mixture_is_the_mean_of_probabilities_of_whole_answers():
    logs = np.log(np.array([[0.5, 0.1], [0.1, 0.9]]))
    assert mixture(logs).sum() == pytest.approx(np.log((0.05 + 0.09) / 2), abs=1e-12)


def test_unrelated_texts_are_the_readers_and_may_be_none(tiny_model):
    model = tiny_model("gpt2")
    run = backend.study_flow(model, **ASKED, unrelated="Four d.\n\nFive e.")
    for place, text in enumerate(("Four d.", "Five e.")):
        found = read_whole(model, [(0, text)], run)[0]
        np.testing.assert_allclose(run.elsewhere[place], found, atol=1e-3)
    without = backend.study_flow(model, **ASKED, unrelated="")
    assert np.isnan(number(without, "beyond").values)


def test_bands_beside_a_word_sum_to_the_flow_of_its_tokens(tiny_model):
    run = backend.study_flow(tiny_model("gpt2"), **ASKED)
    spec = bands(run, "nats", {})
    ends = [each for each in spec["datasets"]["nodes"] if each["side"] == "right"]
    assert [each["name"] for each in ends] == ["two", "or", "b"]
    words = words_of(run.tokens)
    flow = number(run, "flow").values
    for each, word in zip(ends, words, strict=True):
        assert each["flow"] == pytest.approx(float(flow[word].sum()), abs=1e-3)


REFUSED = [
    ({"context": " "}, "There is no context"),
    ({"question": ""}, "There is no question"),
    ({"answer": ""}, "There is no answer"),
    ({"context": "A b. " * 30}, "has 30 sentences; give 1 to 24"),
    ({"unrelated": "A b.\n" * 9}, "9 unrelated texts; give 8 at most"),
]


@pytest.mark.parametrize(("changed", "says"), REFUSED)
def test_what_cannot_be_traced_is_refused_in_one_line(changed, says, tiny_model):
    with pytest.raises(InputError, match=says):
        backend.study_flow(tiny_model("gpt2"), **{**ASKED, **changed})
