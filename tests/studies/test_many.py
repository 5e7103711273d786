"""Several studies from one reading are what as many readings give."""

from __future__ import annotations

import numpy as np
import pytest

import backend
from backend.errors import CancelledError, InputError, OverBudgetError
from backend.models import load_model
from backend.runs import TextRequest
from backend.runs.many import many_request
from backend.studies import STUDIES
from backend.studies.base import ReadingStudy
from tests.studies.attention_models import TEXT
from tests.taps.conftest import model_of  # noqa: F401

KINDS = ["text", "attention"]


def same(run, alone, tolerance):
    """Compare all arrays of two runs of a kind."""
    arrays, expected = run.arrays(), alone.arrays()
    assert arrays.keys() == expected.keys()
    for name, array in arrays.items():
        np.testing.assert_allclose(array, expected[name], atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3", "mixtral", "gpt_oss"])
@pytest.mark.parametrize("bos", [False, True])
def test_runs_of_one_reading_are_those_of_single_readings(family, bos, tiny_model):
    model = tiny_model(family)
    text, attention = backend.study_many(model, TEXT, KINDS, top_k=3, curve=True, add_bos=bos)
    # Where attention gives the layer's output too, its sums have another order: float32.
    same(text, backend.study_text(model, TEXT, top_k=3, curve=True, add_bos=bos), 1e-4)
    same(attention, backend.study_attention(model, TEXT, add_bos=bos), 1e-4)
    assert text.request == TextRequest(
        model=model.spec, text=TEXT, top_k=3, curve=True, add_bos=bos
    )
    assert (attention.request.text, attention.request.add_bos) == (TEXT, bos)
    np.testing.assert_array_equal(text.token_ids, attention.token_ids)


def test_every_study_that_reads_a_text_once_joins_one_reading_in_the_order_asked(model_of):  # noqa: F811
    model = model_of("shared expert")  # which has routers, plain MLPs and all the rest
    kinds = sorted(
        (kind for kind in STUDIES if isinstance(STUDIES[kind], ReadingStudy)), reverse=True
    )
    runs = backend.study_many(model, TEXT, kinds)
    assert [run.kind for run in runs] == kinds
    for run in runs:
        same(run, backend.study(model, run.request), 1e-4)


@pytest.mark.parametrize("method", ["exact", "fast"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3", "mixtral", "gpt_oss"])
def test_in_half_precision_all_runs_are_the_same_to_the_bit(family, method, tiny_folder):
    model = load_model(str(tiny_folder(family)), device="cpu", dtype="bfloat16")
    kinds = ["text", "residual_norms", "attention"]
    for run in backend.study_many(model, TEXT, kinds, method=method):
        alone = backend.study(model, run.request)
        for name, array in run.arrays().items():
            np.testing.assert_array_equal(array, alone.arrays()[name])


def test_a_chat_is_read_by_all_as_the_template_writes_it(tiny_model):
    model = tiny_model("gpt2")
    text, attention = backend.study_many(model, "Hello there", KINDS, chat=True)
    assert text.request.text == "Hello there"
    assert attention.text == text.text != "Hello there"
    np.testing.assert_array_equal(text.token_ids, attention.token_ids)
    again = backend.study_attention(model, attention.request.text, special_tokens="special")
    np.testing.assert_array_equal(again.token_ids, attention.token_ids)


def test_a_chat_that_another_request_cannot_describe_is_refused(tiny_model):
    with pytest.raises(InputError, match="would not read the same tokens"):
        backend.study_many(tiny_model("gpt2"), "a<|eos|>b", KINDS, chat=True)


def test_a_text_over_the_context_is_refused_even_with_windows(tiny_model):
    model = tiny_model("llama")
    with pytest.raises(OverBudgetError, match="share one reading"):
        backend.study_many(model, TEXT * model.facts.context, KINDS, long_text="windows")


@pytest.mark.parametrize(
    ("kinds", "fields", "message"),
    [
        ([], {}, "at least one study"),
        (["text", "nonsense"], {}, "no kind of run named 'nonsense'"),
        (["text"], {"steps": 3}, "knows 'steps'"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(kinds, fields, message, tiny_model):
    with pytest.raises(InputError, match=message):
        backend.study_many(tiny_model("llama"), TEXT, kinds, **fields)


def test_it_stops_between_layers(tiny_model):
    def stop(progress):
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        backend.study_many(tiny_model("llama"), TEXT, KINDS, report=stop)


def test_the_estimate_grows_with_the_text(tiny_model):
    model, study = tiny_model("llama"), STUDIES["many"]

    def estimate(text):
        return study.estimate(model, many_request(model.spec, text, KINDS, {}))

    short, long = estimate(TEXT), estimate(TEXT * 4)
    assert short.bytes < long.bytes
    assert 0 < short.work < long.work
