"""Every sentence about a kind of head is true of the shipped run it speaks of."""

from __future__ import annotations

import numpy as np
import pytest

from backend.derived.heads import HEAD_KINDS, kind_scores, normalised, typical_head, without_first
from backend.lenses.read._head_words import KINDS
from backend.storage.files import load_run
from tests.lenses.runs import EXAMPLES, run_of

ROUND = 16
ROUNDS = [slice(ROUND * each, ROUND * (each + 1)) for each in range(5)]


@pytest.fixture(scope="module")
def run():
    return load_run(EXAMPLES / "attention_repeated.safetensors")


def words(kind: str) -> str:
    return next(each.text for each in KINDS if each.kind == kind)


def means(values: np.ndarray, *, skip: int = 0) -> list[float]:
    """Return the mean of every round; of the first one without its first ``skip`` tokens."""
    parts = [slice(max(each.start, skip), each.stop) for each in ROUNDS]
    return [float(np.nanmean(values[each])) for each in parts]


def mean_entropy(run) -> float:
    return float(np.nanmean(run.entropy))


def test_the_example_has_five_equal_rounds(run):
    first = [token.strip() for token in run.tokens[:ROUND]]
    for each in ROUNDS[:4]:
        assert [token.strip() for token in run.tokens[each]] == first


def test_every_kind_is_described_and_found(run):
    assert {each.kind for each in KINDS} == set(HEAD_KINDS)
    assert all(typical_head(run, each.kind) for each in KINDS)


def test_a_previous_token_head_has_most_of_its_weight_just_before_in_every_round(run):
    assert "more than 80 % of its weight there in every round" in words("previous")
    head = typical_head(run, "previous")
    assert min(means(run.previous_mass[head], skip=1)) > 0.8


def test_the_entropy_of_a_previous_token_head_is_low(run):
    assert "about 0.5 nats, is less than a third of the average head's" in words("previous")
    entropy = float(np.nanmean(run.entropy[typical_head(run, "previous")]))
    assert entropy == pytest.approx(0.5, abs=0.05)
    assert entropy < mean_entropy(run) / 3


def test_an_induction_head_finds_nothing_in_the_first_round_and_rests_on_the_first_token(run):
    assert "In the first round" in words("induction")
    head = typical_head(run, "induction")
    assert (run.induction_mass[head][ROUNDS[0]] == 0).all()
    assert means(run.first_mass[head], skip=1)[0] > 0.8


def test_an_induction_head_looks_at_what_followed_last_time_from_the_second_round_on(run):
    assert "more than 60 % of it is on what followed last time" in words("induction")
    head = typical_head(run, "induction")
    assert min(means(run.induction_mass[head])[1:]) > 0.6


def test_the_entropy_of_an_induction_head_rises_in_the_second_round(run):
    assert "rises then, from 0.4 nats to about 0.8" in words("induction")
    first, *later = means(run.entropy[typical_head(run, "induction")], skip=1)
    assert first == pytest.approx(0.4, abs=0.05)
    assert all(each == pytest.approx(0.8, abs=0.15) for each in later)


def test_a_sink_head_has_all_its_weight_on_the_first_token(run):
    assert "has all its weight there: its entropy is 0" in words("sink")
    head = typical_head(run, "sink")
    assert float(run.first_mass[head].min()) > 0.999
    assert float(run.entropy[head].max()) < 0.005


def test_without_the_first_token_nothing_is_left_of_a_sink_head(run):
    assert "less than 1 % of its weight is left" in words("sink")
    head = typical_head(run, "sink")
    assert float((1 - run.first_mass[head][1:]).max()) < 0.01
    assert np.isnan(without_first(run, head)[0]).all()


def test_a_current_token_head_has_most_of_its_weight_on_the_token_in_every_round(run):
    assert "more than 60 % of its weight is there in every round" in words("itself")
    assert min(means(run.self_mass[typical_head(run, "itself")])) > 0.6


def test_the_entropy_of_a_current_token_head_is_below_average(run):
    assert "its entropy is below the average head's" in words("itself")
    head = typical_head(run, "itself")
    assert float(np.nanmean(run.entropy[head])) < mean_entropy(run)


def test_an_averaging_head_has_nearly_all_the_entropy_there_can_be(run):
    assert "94 % of it in the repeated example" in words("uniform")
    share = float(np.nanmean(normalised(run)[typical_head(run, "uniform")]))
    assert round(100 * share) == 94


def test_the_five_most_even_heads_are_in_the_first_layer(run):
    assert "The five most even heads are in the first layer" in words("uniform")
    scores = kind_scores(run, "uniform")
    layers, _ = np.unravel_index(np.argsort(-scores, axis=None)[:5], scores.shape)
    assert set(layers.tolist()) == {0}


def test_what_heads_are_for_is_said_with_its_source():
    for each in KINDS:
        assert not each.role or "arXiv" in each.role


def test_the_number_that_shows_a_kind_is_one_of_the_measures():
    measures = {each["name"] for each in _heads()["numbers"]}
    assert {each.number for each in KINDS} <= measures


def _heads():
    from backend.lenses import LENSES
    from backend.lenses.parts import part
    from tests.lenses.unpacked import unpacked

    return unpacked(part(LENSES["attention"], run_of("attention", "shipped"), "heads")[0])[0]
