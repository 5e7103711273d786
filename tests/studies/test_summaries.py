"""Summaries: every sentence is scored in each of its contexts, and bad requests are refused."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import backend
from backend.errors import InputError, OverBudgetError
from backend.runs.fields import request_fields
from backend.runs.summaries import LENGTHS, SummariesRequest
from backend.studies.summaries import sentences_of

ASKED = {
    "document": "The dog ran. A fox sat there.\nShe sells shells.",
    "tiny": "A dog ran.",
    "short": "The fox sat. She sells.",
    "unrelated": "Nothing was there. Then a test.",
}


def test_every_token_has_its_surprisal_behind_each_document(tiny_model):
    model = tiny_model("qwen3")
    run = backend.study_summaries(model, **ASKED)
    parts = ["The dog ran.", "A fox sat there.", "She sells shells."]
    assert run.parts == parts
    assert run.sentences == ["A dog ran.", "The fox sat.", "She sells."]
    assert run.length_of.tolist() == [0, 1, 1]
    documents = {
        "": run.alone,
        ASKED["document"]: run.with_source,
        "The dog ran. A fox sat there.": run.left_out[2],
        "The dog ran.\nShe sells shells.": run.left_out[1],
        "A fox sat there.\nShe sells shells.": run.left_out[0],
    }
    for document, found in documents.items():
        _same(model, document, "short", found, run)


def _same(model, document, length, found, run):
    before = model.tokenizer.encode(f"Document:\n{document}\n\nSummary:").ids
    own = [model.tokenizer.encode(f" {each}").ids for each in sentences_of(ASKED[length])]
    ids = torch.tensor(np.concatenate([before, *own]))[None].long()
    with torch.inference_mode():
        logprobs = model.torch_model(ids).logits[0].double().log_softmax(-1)
    wanted = -logprobs[len(before) - 1 : -1].gather(1, ids[0, len(before) :, None])[:, 0]
    inside = np.flatnonzero(run.sentence_of >= 1)
    np.testing.assert_allclose(found[inside], wanted, atol=2e-4)
    assert run.token_ids[inside].tolist() == ids[0, len(before) :].tolist()


def test_headings_have_no_numbers_and_sentences_their_sums(tiny_model):
    run = backend.study_summaries(tiny_model("gpt2"), **ASKED)
    heading = run.sentence_of < 0
    assert np.isnan(run.with_source[heading]).all()
    assert run.text == "\n\nSummary: A dog ran.\n\nSummary: The fox sat. She sells."
    sums = [run.with_source[run.sentence_of == each].sum() for each in range(3)]
    np.testing.assert_allclose(run.sentence_surprisal, sums, rtol=1e-5)


def test_summaries_are_edited_beside_their_document_though_none_has_to_be_given():
    fields = request_fields(SummariesRequest)
    assert [name for name, each in fields.items() if each.needed] == ["document"]
    assert [name for name, each in fields.items() if each.beside] == list(LENGTHS)


def test_a_sentence_ends_at_its_mark_or_its_line():
    assert sentences_of("It was 2.5 m. Really?” he said\n\nYes. 你好。世界") == [
        "It was 2.5 m.", "Really?”", "he said", "Yes.", "你好。", "世界",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"document": " "}, "There is no document"),
        ({"document": "One sentence."}, "has one sentence; it needs 2 to 40"),
        ({"document": "So. " * 41}, "has 41 sentences; it needs 2 to 40"),
        ({"tiny": "", "short": " \n"}, "There is no summary"),
        ({"long": "So. " * 61}, "at most 60"),
        ({"unrelated": ""}, "no unrelated text"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(given, said, tiny_model):
    with pytest.raises(InputError, match=said) as refusal:
        backend.study_summaries(tiny_model("gpt2"), **{**ASKED, **given})
    assert "\n" not in str(refusal.value)


def test_a_document_longer_than_the_model_reads_is_refused_before_it_is_read(tiny_model):
    document = f"{'A fox sat there ' * 200}. It ran."
    with pytest.raises(OverBudgetError, match="reads 512"):
        backend.study_summaries(tiny_model("gpt2"), **{**ASKED, "document": document})


def test_a_document_with_more_bytes_than_the_settings_allow_is_refused(tiny_model, monkeypatch):
    allowed = SimpleNamespace(max_text_bytes=20)
    monkeypatch.setattr("backend.reading.encoding.settings", lambda: allowed)
    with pytest.raises(OverBudgetError, match="at most 20 are read"):
        backend.study_summaries(tiny_model("gpt2"), **ASKED)
