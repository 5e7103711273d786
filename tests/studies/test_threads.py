"""Threads: answers behind every length of a haystack are scored as in one plain reading."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import backend
from backend.derived.threads import cost, exact, exact_by_row
from backend.errors import CancelledError, InputError, ModelError, OverBudgetError
from backend.lenses.read.threads import answer, by_row
from backend.measures.reliability import wilson
from backend.progress import ignore
from backend.reading.continuations import behind
from backend.runs.threads import ThreadsRequest
from backend.storage.files import load_run
from backend.studies.threads import ThreadsStudy, _planted

FACTS = ("The fox sat by the sea.", "She sells many shells.", "The dog ran over the shore.")
ASKED = {"facts": FACTS, "text": "It was quick. There was nothing.", "length": 200}


def _plain(model, run, at, hay, question):
    """Return surprisals of an answer and attention of the token before it, read all at once."""
    question, gold = behind(model, question), behind(model, f" {run.gold[at]}")
    whole = np.concatenate([hay[: int(run.length[at])], question, gold])
    ids = torch.from_numpy(whole).long()[None]
    model.torch_model.set_attn_implementation("eager")
    try:
        with torch.inference_mode():
            out = model.torch_model(ids, output_attentions=True)
    finally:
        model.torch_model.set_attn_implementation("sdpa")
    first = len(whole) - len(gold)
    logprobs = out.logits[0, first - 1 : -1].double().log_softmax(-1)
    rows = torch.stack([each[0, :, first - 1] for each in out.attentions])
    return -logprobs.gather(1, torch.from_numpy(gold).long()[:, None])[:, 0], rows


def test_an_answer_costs_what_it_does_behind_the_haystack_read_at_once(tiny_model):
    model = tiny_model("llama")
    run = backend.study_threads(model, lengths=2, depths=3, **ASKED)
    hay = _planted(model, run.request)
    assert run.gold[3:] == ["sea", "shells", "shore"]
    for at in (0, 5):
        needle = next(each for each in hay.records if each.answer == f" {run.gold[at]}")
        wanted, rows = _plain(model, run, at, hay.ids.numpy(), needle.question)
        np.testing.assert_allclose(run.surprisal[at, : len(wanted)], wanted, atol=2e-4)
        span = hay.spans[hay.records.index(needle)]
        mass = rows[..., span[0] : span[1]].sum(-1)
        np.testing.assert_allclose(run.mass[at], mass, atol=1e-4)


def test_every_depth_of_identifiers_has_the_record_that_lies_there(tiny_model):
    model = tiny_model("gpt2")
    run = backend.study_threads(model, task="UUID pairs", length=380, lengths=1, depths=3)
    hay = _planted(model, run.request)
    last = len(hay.records) - 1
    assert run.gold == [hay.records[each].value for each in (0, (last + 1) // 2, last)]
    assert run.chance == pytest.approx(128 * np.log(2))
    for record, (start, end) in zip(hay.records, hay.spans, strict=True):
        assert model.tokenizer.decode(hay.ids[start:end].tolist()) == record.value


def test_threads_lead_from_key_to_value_in_three_ways(tiny_model):
    model, request = tiny_model("bloom"), {"task": "UUID threads", "length": 700, "hops": 2}
    found = _planted(model, ThreadsRequest(**request)).records
    run = backend.study_threads(model, **request)
    assert run.rows == ["forward", "backward", "random"]
    values = [each.value for each in found]
    for row in range(3):
        linked = run.gold[2 * row]
        assert values.count(linked) == 1
        assert any(linked in each.question for each in found)
    assert np.isfinite(cost(run)).all()


def test_rows_arrive_one_by_one_and_a_stop_keeps_what_is_there(tiny_model):
    model, seen = tiny_model("gpt2"), []

    def report(progress):
        if progress.partial is not None:
            seen.append(np.isfinite(cost(progress.partial.run())).sum())
        if len(seen) == 4:
            raise CancelledError

    with pytest.raises(CancelledError):
        ThreadsStudy().run(model, ThreadsRequest(lengths=2, depths=3, **ASKED), report)
    assert seen[0] == 1
    assert seen == sorted(seen)


def test_lengths_that_are_not_asked_yet_are_no_points_and_another_question_is_shown():
    run = load_run("examples/threads_uuid.safetensors")
    length = np.where(np.arange(45) < 20, run.length, np.nan).astype(np.float32)
    part = replace(run, length=length)
    spec = by_row(part, "nats", {})
    points = [each for each in spec["datasets"]["points"] if each["line"] == "exact"]
    assert [each["along"] for each in points] == [362, 790, 1141]
    assert answer(part, "nats", {})["datasets"]["lines"][0]["text"].startswith("1,141 · 12 %")


def test_what_is_not_asked_is_no_miss(tiny_model):
    run = backend.study_threads(tiny_model("gpt2"), lengths=1, depths=2, **ASKED)
    gone = np.full_like(run.surprisal, np.nan)
    assert np.isnan(exact(replace(run, surprisal=gone))).all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"facts": ("Fox.", "The sea is blue.")}, "has one word"),
        ({"facts": ("The sea is blue.",)}, "two own facts"),
        ({"facts": ("It was red.", "It was blue.")}, "the same but for their last word"),
        ({"task": "UUID threads", "hops": 2}, "have room for . pairs; 3 threads of 2 hops need 6"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(given, said, tiny_model):
    with pytest.raises(InputError, match=said) as refusal:
        backend.study_threads(tiny_model("gpt2"), **{**ASKED, "length": 200, **given})
    assert "\n" not in str(refusal.value)


def test_a_haystack_beyond_the_model_is_refused_in_one_line(tiny_model):
    with pytest.raises(OverBudgetError, match="this model reads 512") as refusal:
        ThreadsStudy().estimate(tiny_model("gpt2"), ThreadsRequest(length=2048))
    assert "\n" not in str(refusal.value)


def test_a_model_that_cannot_go_on_is_refused(tiny_model, monkeypatch):
    model = tiny_model("gpt2")
    monkeypatch.setattr(model, "reads_blocks", False)
    with pytest.raises(ModelError, match="cannot be asked twice"):
        ThreadsStudy().run(model, ThreadsRequest(**ASKED), ignore)


def test_intervals_of_exact_answers_are_wilsons():
    run = load_run("examples/threads_uuid.safetensors")
    share, low, high = exact_by_row(run)
    wanted = wilson(torch.from_numpy(share), torch.tensor(9.0))
    np.testing.assert_allclose([low, high], torch.stack(wanted), atol=1e-9)
