"""Answers: what is drawn and kept of them, how they are joined, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import backend
from backend.derived import number
from backend.derived.answers import Grouping, groups_of, suitable
from backend.errors import CancelledError, InputError, ModelError, OverBudgetError
from backend.models.entailment import EntailmentModel
from backend.runs.answers import AnswersRequest
from backend.storage.files import load_run
from backend.studies import STUDIES
from backend.studies.answers import prompt_of
from tests.lenses.runs import EXAMPLES

PLAIN = {"form": "as it stands", "longest": 6, "answers": 4, "one_line": False}


@pytest.fixture(scope="module")
def run(tiny_model):
    found = backend.study_answers(
        tiny_model("llama"), question="The quick", others=("0.5",), **PLAIN
    )
    found.check()
    return found


@pytest.fixture(scope="module")
def france():
    return load_run(EXAMPLES / "answers_france.safetensors")


def alone(model, ids):
    """Return log p of all next tokens after every token, and the middle states, of one text."""
    with torch.inference_mode():
        out = model.torch_model(
            input_ids=torch.tensor([ids]), use_cache=False, output_hidden_states=True
        )
    middle = out.hidden_states[len(model.layers) // 2][0]
    return out.logits[0].double().log_softmax(-1), middle


def test_numbers_are_those_of_every_answer_read_by_itself_at_temperature_1(run, tiny_model):
    model = tiny_model("llama")
    prompt = prompt_of(model, "The quick", "as it stands").tolist()
    for place in np.ndindex(2, 4):
        ids = run.token_ids[place][run.token_ids[place] >= 0].tolist()
        rows, middle = alone(model, prompt + ids)
        logprobs = rows[len(prompt) - 1 : -1]
        own = logprobs.gather(1, torch.tensor(ids)[:, None])[:, 0]
        entropy = -(logprobs.exp() * logprobs).sum(-1)
        steps = len(ids)
        # float32 in batches of another size than here
        np.testing.assert_allclose(run.surprisal[place][:steps], -own, atol=2e-5)
        np.testing.assert_allclose(run.entropy[place][:steps], entropy, atol=2e-5)
        assert run.answer_surprisal[place] == pytest.approx(-float(own.sum()), abs=1e-4)
        last = len(prompt) + steps - 1 - (run.endings[place[0]][place[1]] != "length")
        np.testing.assert_allclose(run.states[place], middle[last], atol=2e-5)


def test_an_answer_depends_on_its_own_seed_and_temperature_only(run, tiny_model):
    model = tiny_model("llama")
    more = {**PLAIN, "answers": 2, "seed": 3, "temperature": 0.5}
    part = backend.study_answers(model, question="The quick", **more)
    assert part.token_ids[0].tolist() == run.token_ids[1, 2:].tolist()


def test_a_line_break_ends_an_answer_and_is_no_part_of_it(tiny_model):
    asked = {**PLAIN, "one_line": True, "longest": 40, "answers": 12, "temperature": 2}
    found = backend.study_answers(tiny_model("llama"), question="return a + b", **asked)
    ended = [y for y, each in enumerate(found.endings[0]) if each == "line"]
    assert ended
    for y in ended:
        assert "\n" in found.pieces(0, y)[-1]
        assert not any("\n" in each for each in found.pieces(0, y)[:-1])
    assert not any("\n" in each for each in found.texts[0])


def test_answers_can_be_shown_while_they_are_written_and_kept_when_stopped(tiny_model):
    model, seen = tiny_model("llama"), []

    def report(progress):
        if progress.partial is not None:
            seen.append(progress.partial.run())
            if len(seen) == 3:
                raise CancelledError

    request = AnswersRequest(model=model.spec, question="The quick", **PLAIN)
    with pytest.raises(CancelledError) as stopped:
        STUDIES["answers"].run(model, request, report)
    for each in (*seen, stopped.value.partial_run):
        each.check()
        assert each.stopped
    assert [int(each.lengths.max()) for each in seen] == [1, 2, 3]
    assert number(seen[0], "semantic_entropy_first").values >= 0


def test_the_model_judges_each_text_once_and_pairs_both_ways(tiny_model):
    asked = {**PLAIN, "answers": 3, "longest": 2}
    found = backend.study_answers(tiny_model("llama"), question="The quick", judge=True, **asked)
    found.check()
    assert np.isfinite(found.p_true).all()
    assert found.judged.diagonal(axis1=1, axis2=2).min() == 1
    assert ((found.judged >= 0) & (found.judged <= 1)).all()
    assert 0 <= found.kle[0] <= 1


REFUSED = [
    ({"question": "  "}, InputError, "The question is empty"),
    ({"answers": 1}, InputError, "answers must be 2 to 32; it is 1"),
    ({"others": ("hot",)}, InputError, "'hot' is no temperature"),
    ({"others": ("1",)}, InputError, "stands there twice"),
    ({"others": ("0.2", "0.3", "0.4", "0.5")}, InputError, "5 temperatures; 4 at most"),
    ({"question": "x" * 4000}, OverBudgetError, "Shorten one of them"),
    ({"nli": "./nowhere"}, ModelError, "There is no folder"),
]


@pytest.mark.parametrize(("change", "error", "says"), REFUSED)
def test_what_cannot_be_asked_is_refused_in_one_line(tiny_model, change, error, says):
    asked = {"question": "The quick", **PLAIN, **change}
    with pytest.raises(error, match=says) as refused:
        backend.study_answers(tiny_model("llama"), **asked)
    assert "\n" not in str(refused.value)


def test_a_model_without_a_chat_template_says_so(tiny_model, monkeypatch):
    model = tiny_model("llama")
    monkeypatch.setattr(model.tokenizer, "has_chat_template", False)
    with pytest.raises(InputError, match="no chat template"):
        backend.study_answers(model, question="The quick", **{**PLAIN, "form": "as a chat message"})


class Classifier:
    """A classifier of pairs that looks at no text."""

    def __init__(self, *labels):
        names = dict(enumerate(labels))
        self.config = SimpleNamespace(
            id2label=names, num_labels=len(names), max_position_embeddings=8
        )

    def eval(self):
        return self

    def __call__(self, input_ids):
        logits = torch.arange(len(self.config.id2label), dtype=torch.float32)
        return SimpleNamespace(logits=logits.repeat(len(input_ids), 1))


NLI = ("CONTRADICTION", "NEUTRAL", "ENTAILMENT")


def tokens(first, second, **_):
    longest = max(len(f"{one} {two}".split()) for one, two in zip(first, second, strict=True))
    return {"input_ids": torch.zeros(len(first), longest, dtype=torch.long)}


def test_a_model_of_entailment_is_read_by_the_names_of_its_classes():
    entails, contradicts = EntailmentModel(Classifier(*NLI), tokens, "nli").judge([("a", "b")] * 20)
    shares = torch.tensor([0.0, 1.0, 2.0]).softmax(-1)
    assert torch.equal(entails, shares[2].repeat(20))
    assert torch.equal(contradicts, shares[0].repeat(20))
    with pytest.raises(OverBudgetError, match="9 tokens; nli reads 8"):
        EntailmentModel(Classifier(*NLI), tokens, "nli").judge([("a " * 8, "b")])


def test_a_classifier_of_something_else_is_no_model_of_entailment():
    with pytest.raises(ModelError, match="its classes are positive, negative"):
        EntailmentModel(Classifier("POSITIVE", "NEGATIVE"), tokens, "moods")


def with_texts(run, texts, **more):
    written = {f"0.{y}": text for y, text in enumerate(texts)}
    return replace(run, written=written, **more)


def test_short_answers_are_joined_by_words_and_sentences_by_cosine():
    assert suitable(["Paris", "the city of Paris"]) == "normalised"
    assert suitable(["Paris", "It is the large city of Paris."]) == "cosine"


def test_numbers_are_never_joined_by_cosine(france):
    same = np.ones_like(france.cosine)
    texts = ["33", "37", "37", "thirty", *["33"] * 6]
    run = with_texts(france, texts, cosine=same)
    groups = groups_of(run, 0, Grouping(rule="cosine"))
    assert groups[:4].tolist() == [0, 1, 1, 2]


def test_the_models_judgement_joins_only_both_ways(france):
    judged = np.full_like(france.judged, 0.9)
    judged[0, 0, 1] = 0.1
    run = with_texts(france, [str(each) for each in "abcdefghij"], judged=judged)
    assert groups_of(run, 0, Grouping(rule="judged")).tolist()[:3] == [0, 1, 0]
    chained = Grouping(rule="judged", chained=True)
    assert set(groups_of(run, 0, chained).tolist()) == {0}


def test_groups_by_hand_go_before_any_rule_and_keep_equal_texts_together(france):
    texts = ["a", "b", "a", *"cdefghi"]
    run = with_texts(france, texts)
    hand = Grouping(given=[5, 5, 5, *range(7)])
    assert groups_of(run, 0, hand).tolist()[:4] == [0, 0, 0, 1]
    with pytest.raises(InputError, match="Equal answers are in one group"):
        groups_of(run, 0, Grouping(given=list(range(10))))
    with pytest.raises(InputError, match="10 answers; groups were given for 2"):
        groups_of(run, 0, Grouping(given=[0, 1]))


def test_a_rule_that_the_run_has_nothing_for_says_what_to_switch_on(france):
    run = replace(france, judged=None)
    with pytest.raises(InputError, match="switch that on under Options"):
        groups_of(run, 0, Grouping(rule="judged"))
