"""Questions: what the model answers, the games made of it, and lists that are none."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import backend
from backend.errors import InputError
from backend.measures.pursuit import beliefs, expected_after
from backend.runs.questions import read_traits
from backend.studies.questions import HEAD

TABLE = """animal,Does it fly?,Does it bark?,Is it big?
owl,yes,no,no
dog,no,yes,no
cow,no,no,yes
bat,yes,no,no
"""
FORMS = ((" yes", " Yes", "yes", "Yes"), (" no", " No", "no", "No"))


@pytest.fixture(scope="module")
def run(tiny_model):
    return backend.study_questions(
        tiny_model("gpt2"), table=TABLE, secret="dog", rounds=3, standardised=False
    )


def test_an_answer_is_yes_against_no_after_the_whole_text(run, tiny_model):
    run.check()
    model = tiny_model("gpt2")

    def ids(text):
        return model.tokenizer.encode(text).ids

    for name, label in enumerate(run.names):
        for place, question in enumerate(run.questions):
            read = np.concatenate([ids(HEAD), ids(f"Animal: {label}\n{question}")])
            with torch.inference_mode():
                logits = (
                    model.torch_model(
                        input_ids=torch.from_numpy(read).long()[None], use_cache=False
                    )
                    .logits[0, -1]
                    .double()
                )
            # Every form begins with a blank of its own token or with a letter.
            first = [{int(ids(form)[0]) for form in forms} for forms in FORMS]
            shared = first[0] & first[1]
            sides = [logits[sorted(each - shared)].logsumexp(0) for each in first]
            expected = torch.sigmoid(sides[0] - sides[1])
            assert run.yes[name, place] == pytest.approx(float(expected), abs=1e-5)


def test_a_belief_is_the_product_of_its_answers(run):
    yes = run.yes.astype(np.float64)
    for rule in range(2):
        belief = np.full(len(run.names), 1 / len(run.names))
        for state in range(run.place.shape[1]):
            np.testing.assert_allclose(run.belief[rule, state], belief, atol=1e-5)
            place = run.place[rule, state]
            if place < 0:
                continue
            assert run.answer[rule, state] == run.truth[run.secret, place]
            chance = yes[:, place] if run.answer[rule, state] else 1 - yes[:, place]
            belief = belief * chance / (belief * chance).sum()


def test_every_rule_asks_what_it_expects_least_of_and_nothing_twice(run):
    for rule, name in enumerate(("expected_size", "expected_entropy")):
        asked = [each for each in run.place[rule].tolist() if each >= 0]
        assert len(set(asked)) == len(asked) == 3
        for state, place in enumerate(asked):
            values = getattr(run, name)[rule, state]
            assert np.isnan(values[asked[:state]]).all()
            assert values[place] <= np.nanmin(values) + 1e-4


def test_what_a_question_leaves_is_a_mean_over_its_answers():
    chance = torch.Generator().manual_seed(0)
    yes = torch.rand(4, 2, generator=chance, dtype=torch.float64)
    belief = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64)
    size, entropy = expected_after(yes.log(), (1 - yes).log(), belief, torch.tensor(0.25))
    for question in range(2):
        sides = [belief * yes[:, question], belief * (1 - yes[:, question])]
        after = [each / each.sum() for each in sides]
        own = [float(each.sum()) for each in sides]
        sizes = [int((each >= 0.25).sum()) for each in after]
        left = [float(-(each * each.log()).sum()) for each in after]
        assert float(size[question]) == pytest.approx(np.dot(own, sizes))
        assert float(entropy[question]) == pytest.approx(np.dot(own, left))


def test_no_answers_leave_all_labels_alike():
    yes = torch.full((3, 2), 0.7).log()
    none = torch.zeros(0, dtype=torch.long)
    assert beliefs(yes, yes, none, none.bool()).tolist() == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "empty"),
        ("x" * 10_000_000, "20,000 bytes"),
        ("a,b,c\nowl,yes,no\ndog,no,yes\n", "Names in the list: 2"),
        ("a,b,c\nowl,yes\ndog,no,yes\ncow,no,no\n", "Row 2 has 2 cells"),
        ("a,b,c\nowl,yes,perhaps\ndog,no,yes\ncow,no,no\n", "'perhaps'"),
        ("a,b,c\nowl,yes,no\nowl,no,yes\ncow,no,no\n", "once"),
        ("a,b,c\nowl,yes,no\ndog,yes,no\ncow,yes,no\n", "no question tells them apart"),
        ('a,b,c\n"owl,yes,no\n', "no CSV"),
    ],
)
def test_a_list_that_is_none_is_refused_in_one_line(table, words):
    with pytest.raises(InputError, match=words) as caught:
        read_traits(table)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [({"secret": "yak"}, "'yak' is not in the list"), ({"alpha": 0.5}, "between 0 and 1/2")],
)
def test_a_game_that_cannot_be_played_is_refused(given, words, tiny_model):
    with pytest.raises(InputError, match=words):
        backend.study_questions(tiny_model("gpt2"), table=TABLE, **given)


def test_a_model_that_begins_yes_and_no_alike_is_refused(tiny_model):
    with pytest.raises(InputError, match="with one token"):
        backend.study_questions(tiny_model("llama"), table=TABLE)  # a blank, in all forms
