"""Text and attention from one reading are what two readings give."""

from __future__ import annotations

import numpy as np
import pytest

import backend
from backend.errors import CancelledError, InputError, OverBudgetError
from backend.models import load_model
from backend.runs import BothRequest, TextRequest
from backend.studies import STUDIES
from tests.studies.attention_models import TEXT


def same(run, alone, tolerance):
    """Compare all arrays of two runs of a kind."""
    arrays, expected = run.arrays(), alone.arrays()
    assert arrays.keys() == expected.keys()
    for name, array in arrays.items():
        np.testing.assert_allclose(array, expected[name], atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3", "mixtral", "gpt_oss"])
@pytest.mark.parametrize("bos", [False, True])
def test_both_runs_are_those_of_two_readings(family, bos, tiny_model):
    model = tiny_model(family)
    text, attention = backend.study_both(model, TEXT, top_k=3, curve=True, add_bos=bos)
    # Where attention gives the layer's output too, its sums have another order: float32.
    same(text, backend.study_text(model, TEXT, top_k=3, curve=True, add_bos=bos), 1e-3)
    same(attention, backend.study_attention(model, TEXT, add_bos=bos), 1e-3)
    assert text.request == TextRequest(
        model=model.spec, text=TEXT, top_k=3, curve=True, add_bos=bos
    )
    assert (attention.request.text, attention.request.add_bos) == (TEXT, bos)
    np.testing.assert_array_equal(text.token_ids, attention.token_ids)


def test_in_half_precision_the_text_run_is_the_same_to_the_bit(tiny_folder):
    model = load_model(str(tiny_folder("llama")), device="cpu", dtype="bfloat16")
    text, _ = backend.study_both(model, TEXT)
    np.testing.assert_array_equal(text.entropy, backend.study_text(model, TEXT).entropy)


def test_a_chat_is_read_by_both_as_the_template_writes_it(tiny_model):
    model = tiny_model("gpt2")
    text, attention = backend.study_both(model, "Hello there", chat=True)
    assert text.request.text == "Hello there"
    assert attention.text == text.text != "Hello there"
    np.testing.assert_array_equal(text.token_ids, attention.token_ids)
    again = backend.study_attention(model, attention.request.text, special_tokens="special")
    np.testing.assert_array_equal(again.token_ids, attention.token_ids)


def test_a_chat_that_no_request_for_attention_describes_is_refused(tiny_model):
    with pytest.raises(InputError, match="look of control tokens"):
        backend.study_both(tiny_model("gpt2"), "a<|eos|>b", chat=True)


def test_a_text_over_the_context_is_refused_even_with_windows(tiny_model):
    model = tiny_model("llama")
    text = TEXT * model.facts.context
    with pytest.raises(OverBudgetError, match="leave attention out"):
        backend.study_both(model, text, long_text="windows")


def test_it_stops_between_layers(tiny_model):
    def stop(progress):
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        backend.study_both(tiny_model("llama"), TEXT, report=stop)


def test_the_estimate_grows_with_the_text_and_knows_the_pace(tiny_model):
    model, study = tiny_model("llama"), STUDIES["both"]

    def estimate(text):
        asked = TextRequest(model=model.spec, text=text)
        return study.estimate(model, BothRequest(model=model.spec, text=asked))

    backend.study_both(model, TEXT)
    short, long = estimate(TEXT), estimate(TEXT * 4)
    assert short.bytes < long.bytes
    assert 0 < short.seconds < long.seconds
