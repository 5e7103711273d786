"""Retrieval: the mixture against float64, what is written, and refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import backend
from backend.derived import number
from backend.derived import retrieval as of
from backend.errors import CancelledError, InputError, OverBudgetError
from backend.lenses.write.retrieval import _example, change
from backend.runs.retrieval import RetrievalRequest
from backend.storage.examples import EXAMPLES
from backend.storage.files import load_run
from backend.studies.retrieval import RetrievalStudy, _datastore
from backend.taps.keys import KeysTap

SOURCE = "The quick brown fox jumps over the lazy dog. She sells sea shells by the sea shore."
TEXT = "A quick brown dog jumps over the lazy fox and she sells shells."
ASKED = {
    "source": SOURCE, "text": TEXT, "neighbours": 5, "temperature": 2.0, "beginning": 3,
    "steps": 9, "streams": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def model(tiny_model):
    return tiny_model("llama")


@pytest.fixture(scope="module")
def run(model):
    return backend.study_retrieval(model, **ASKED)


def states_and_logits(model, ids):
    """Return what goes into the last MLP, and log p of all next tokens; float64."""
    seen = []
    hook = model.layers[-1].mlp.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.no_grad():
        logits = model.torch_model(torch.as_tensor(ids).long()[None]).logits[0]
    hook.remove()
    return seen[0][0].double().numpy(), logits.double().log_softmax(-1).numpy()


@pytest.fixture(scope="module")
def by_hand(model, run):
    """Return p over the vocabulary by neighbours and log p by the model, before every token."""
    source = model.tokenizer.encode(SOURCE).ids
    keys, _ = states_and_logits(model, source)
    queries, own = states_and_logits(model, run.token_ids)
    retrieved = np.zeros((len(run) - 1, own.shape[1]))
    for row, query in enumerate(queries[:-1]):
        apart = ((query - keys[:-1]) ** 2).sum(1)
        near = np.argsort(apart)[:5]
        weights = np.exp(-(apart[near] - apart.min()) / 2.0)
        np.add.at(retrieved[row], source[near + 1], weights / weights.sum())
    return retrieved, own[:-1]


def test_neighbours_vote_with_their_weights(run, by_hand):
    retrieved, own = by_hand
    run.check()
    came = (np.arange(len(own)), run.token_ids[1:])
    np.testing.assert_allclose(run.retrieved[1:], retrieved[came], atol=1e-4)
    np.testing.assert_allclose(run.surprisal[1:], -own[came], atol=1e-4)
    logs = np.log(np.where(retrieved > 0, retrieved, 1))
    np.testing.assert_allclose(run.retrieval_entropy[1:], -(retrieved * logs).sum(1), atol=1e-4)


@pytest.mark.parametrize("share", [0.01, 0.25, 0.9])
def test_the_gain_is_that_of_the_mixture_at_every_share(run, by_hand, share):
    retrieved, own = by_hand
    came = (np.arange(len(own)), run.token_ids[1:])
    mixed = np.log(share * retrieved[came] + (1 - share) * np.exp(own[came]))
    np.testing.assert_allclose(of.gains(run, share)[1:], mixed - own[came], atol=1e-4)
    place = int(np.abs(run.shares - share).argmin())
    np.testing.assert_allclose(number(run, "gain").values[place, 1:], mixed - own[came], atol=1e-4)
    assert of.surprisal_at(run, share) == pytest.approx(-mixed.mean(), abs=1e-4)
    assert of.gaining(run) == pytest.approx(np.mean(mixed > own[came]))


def test_a_token_that_no_neighbour_says_pays_the_share(run):
    none = run.retrieved[1:] == 0
    assert none.any()
    np.testing.assert_allclose(of.gains(run, 0.25)[1:][none], np.log(0.75))


def test_what_the_model_rules_out_is_left_to_the_neighbours(run):
    surprisal = run.surprisal.copy()
    found = int(np.flatnonzero(run.retrieved[1:] > 0)[0]) + 1
    missing = int(np.flatnonzero(run.retrieved[1:] == 0)[0]) + 1
    surprisal[[found, missing]] = np.inf
    gain = of.gains(replace(run, surprisal=surprisal), 0.25)
    assert gain[found] == np.inf
    assert np.isnan(gain[missing])
    assert of.surprisal_at(replace(run, surprisal=surprisal), 0.25) == np.inf


def test_a_source_read_in_windows_gives_one_key_a_token_in_order(model, monkeypatch):
    request = RetrievalRequest(**ASKED)
    ids = model.tokenizer.encode(SOURCE).ids
    whole, _ = states_and_logits(model, ids)
    monkeypatch.setattr("backend.studies.retrieval.WINDOW", 12)
    monkeypatch.setattr("backend.studies.retrieval.OVERLAP", 4)
    store = _datastore(model, request, ids, KeysTap(len(model.layers) - 1), lambda _: None)
    assert store.values.tolist() == ids[1:].tolist()
    assert len(store.keys) == len(ids) - 1
    np.testing.assert_allclose(store.keys[:12], whole[:12], atol=1e-4)
    second, _ = states_and_logits(model, ids[8:20])
    np.testing.assert_allclose(store.keys[12:20], second[4:], atol=1e-4)


def test_only_retrieval_writes_only_what_the_source_holds(model, run):
    only = backend.study_retrieval(model, **{**ASKED, "share": 1.0})
    source = set(model.tokenizer.encode(SOURCE).ids[1:].tolist())
    assert set(only.written_ids.ravel().tolist()) <= source
    assert not set(run.written_ids.ravel().tolist()) <= source
    assert [model.tokenizer.decode(each) for each in only.written_ids] == only.continuations


def test_the_same_seed_writes_the_same_and_the_first_step_is_the_texts(model, run):
    again = backend.study_retrieval(model, **ASKED)
    assert again.continuations == run.continuations
    np.testing.assert_allclose(run.written_entropy[:, 0], run.entropy[3], atol=1e-4)
    np.testing.assert_allclose(run.written_retrieval[:, 0], run.retrieval_entropy[3], atol=1e-4)


def test_a_curve_is_the_mean_of_the_last_tokens_and_of_fewer_at_its_start():
    run = load_run(EXAMPLES / "retrieval_darwin.safetensors")
    found = of.curves(run)["text, retrieval"]
    np.testing.assert_allclose(found[0], run.retrieval_entropy[run.request.beginning])
    later = run.retrieval_entropy[run.request.beginning :]
    assert found[15] == pytest.approx(later[:16].mean(), abs=1e-5)
    assert found[40] == pytest.approx(later[25:41].mean(), abs=1e-5)


def test_few_gain_much_and_most_lose_a_little():
    run = load_run(EXAMPLES / "retrieval_alice.safetensors")
    gain = of.gains(run, 0.25)[1:]
    assert (gain > 0).mean() < 0.3
    assert gain.max() > 3
    assert gain.min() == pytest.approx(np.log(0.75), abs=1e-6)
    assert change(run) < 0


def test_an_example_is_a_passage_cut_in_two():
    fields = _example("any", "", "", 0, 1, {}, 700).fields
    assert fields["text"] not in fields["source"]
    assert fields["text"].endswith(".")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"source": "a"}, "0 keys, fewer than the 5 neighbours"),
        ({"source": "a b"}, "1 key, fewer than the 5 neighbours"),
        ({"source": " "}, "The source is empty"),
        ({"source": f"Before. {TEXT}"}, "would find itself"),
        ({"beginning": 400}, "it needs more than the 400"),
        ({"layer": 99}, "has layers 1 to"),
        ({"temperature": 0.0}, "above 0"),
    ],
)
def test_what_cannot_be_retrieved_from_is_refused_in_a_line(model, changed, words):
    with pytest.raises(InputError, match=words) as said:
        backend.study_retrieval(model, **{**ASKED, **changed})
    assert "\n" not in str(said.value)


def test_too_much_to_keep_or_to_read_is_refused(model, monkeypatch):
    monkeypatch.setattr("backend.studies.retrieval.LONGEST_SOURCE", 10)
    with pytest.raises(OverBudgetError, match="at most 10 are kept"):
        backend.study_retrieval(model, **ASKED)


def test_a_stop_is_heard_while_the_datastore_is_made_and_while_it_writes(model):
    request = RetrievalRequest(**ASKED)
    for word in ("Datastore", "Writing"):

        def stop(progress, word=word):
            if progress.message.startswith(word):
                raise CancelledError

        with pytest.raises(CancelledError):
            RetrievalStudy().run(model, request, stop)
