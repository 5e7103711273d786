"""Tools: results put in behind calls, segments and branches, what is kept, and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import backend
from backend.derived import tools as of
from backend.errors import CancelledError, InputError
from backend.measures.distribution import entropy
from backend.runs.tools import CALL, RESULT, WINDOWS, WRITTEN, ToolsRequest
from backend.storage.files import load_run
from backend.studies import tools
from backend.studies.tools import Path as Chain
from backend.studies.tools import ToolsStudy, scored

ASKED = {"question": "How much is 2 + 3?", "longest": 12, "peaks": 2, "branches": 2}


@pytest.fixture(scope="module")
def shipped():
    return load_run(Path("examples/tools_sum.safetensors"))


@pytest.fixture(autouse=True)
def _short_head(monkeypatch):
    """Tiny models read 512 tokens, nearly one a character."""
    monkeypatch.setattr(tools, "HEAD", "Q: How much is 1 + 1?\nA: [calc: 1 + 1] = 2.\n\n")


@pytest.fixture
def calling(tiny_model, monkeypatch):
    """A tiny model whose draws spell a call, whatever it would have written."""
    model = tiny_model("gpt2")
    script = model.tokenizer.encode(" [calc: 2 + 3] so [look: Peru] or [look: Mars] ok").ids
    steps = {}

    def scripted(logits, temperature, chance):
        place = steps.setdefault("at", -1) + 1
        steps["at"] = place
        return torch.tensor([int(script[place % len(script)])] * len(logits))

    monkeypatch.setattr(tools, "drawn", scripted)
    return model, len(script)


def test_a_result_is_put_in_behind_its_call(calling):
    model, count = calling
    run = backend.study_tools(
        model, question="?", longest=count, peaks=0, facts=("Peru = 34 million",)
    )
    run.check()
    text = "[calc: 2 + 3] = 5 so [look: Peru] = 34 million or [look: Mars] = error: not found. ok"
    assert run.text(0) == text
    given = [run.token(0, step) for step in np.flatnonzero(run.token_kind[0] == RESULT)]
    assert "".join(given) == " = 5 = 34 million = error: not found."
    called = [run.token(0, step) for step in np.flatnonzero(run.token_kind[0] == CALL)]
    assert "".join(called).replace(" ", "") == "[calc:2+3][look:Peru][look:Mars]"
    assert run.calls.tolist() == [3]
    np.testing.assert_array_equal(np.isnan(run.entropy), run.token_kind == RESULT)


def test_no_more_calls_are_answered_than_were_asked_for(calling):
    model, count = calling
    run = backend.study_tools(model, question="?", longest=count, peaks=0, calls=1)
    assert run.calls.tolist() == [1]
    assert run.text(0).endswith("[look: Mars] ok")


def test_a_long_fact_is_cut(calling):
    model, count = calling
    run = backend.study_tools(
        model, question="?", longest=count, peaks=0, calls=2, facts=("Peru = " + "very " * 60,)
    )
    last = np.flatnonzero(run.token_kind[0] == RESULT)[-tools.LONGEST_RESULT :]
    assert (np.diff(last) == 1).all()
    assert "…" in run.text(0)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_entropies_are_those_of_one_reading(family, tiny_model):
    model = tiny_model(family)
    run = backend.study_tools(model, **ASKED)
    run.check()
    prompt = tools._prompt(model, run.request)
    for path in range(len(run.texts)):
        own = run.token_ids[path][run.token_ids[path] >= 0]
        ids = torch.from_numpy(np.concatenate([prompt, own])).long()
        with torch.inference_mode():
            logits = model.unembed(model.hidden_states(ids[None])[0]).double()
        expected = entropy(logits[len(prompt) - 1 : -1])
        found = run.entropy[path][: len(own)]
        written = run.token_kind[path][: len(own)] != RESULT
        np.testing.assert_allclose(found[written], expected[written], atol=1e-4)


def test_branches_begin_as_the_first_chain(tiny_model):
    run = backend.study_tools(tiny_model("gpt2"), **ASKED)
    for path in range(1, len(run.texts)):
        stop = run.begins[path]
        np.testing.assert_array_equal(run.token_ids[path, :stop], run.token_ids[0, :stop])
        np.testing.assert_array_equal(run.entropy[path, :stop], run.entropy[0, :stop])
    assert len(set(run.texts)) > 1


def test_segments_end_with_results_and_are_scored_by_their_first_tokens():
    kinds = [WRITTEN] * 3 + [CALL] * 2 + [RESULT] * 2 + [WRITTEN] * 2
    values = [0.1, 0.9, 0.2, 0.0, 0.0, np.nan, np.nan, 2.0, 0.0]
    found = scored(Chain(list(range(9)), kinds, values), WINDOWS["2 to 10"])
    assert [each[1:] for each in found] == [(0, 2), (7, 8)]
    assert found[0][0] == pytest.approx(0.5)
    assert found[1][0] == pytest.approx(1.0)


def test_right_paths_with_the_fewest_calls_are_kept(shipped):
    right = shipped.right > 0
    fewest = shipped.calls == shipped.calls[right].min()
    np.testing.assert_array_equal(shipped.kept > 0, right & fewest)


def test_every_result_counts_once_with_what_stands_around_it(shipped):
    found = of.around(shipped)
    own = sum(
        1
        for path in range(len(shipped.texts))
        for step in range(shipped.begins[path], shipped.token_kind.shape[1])
        if shipped.token_kind[path, step] == RESULT
        and (
            step + 1 == shipped.token_kind.shape[1] or shipped.token_kind[path, step + 1] != RESULT
        )
    )
    assert len(found) == own
    end = int(np.flatnonzero(shipped.token_kind[0] == RESULT)[0])
    assert found[0][of.REACH - 1] == shipped.entropy[0, end - 1]


def test_the_shipped_jump_is_there_with_the_calculator_and_not_with_the_lookup(shipped):
    other = load_run(Path("examples/tools_people.safetensors"))
    assert of.at_result(shipped) > of.before_result(shipped) + 0.1
    assert of.at_result(other) < of.before_result(other)


def test_it_stops_where_it_is_asked_to(tiny_model):
    def report(progress):
        if progress.done:
            raise CancelledError

    with pytest.raises(CancelledError):
        ToolsStudy().run(tiny_model("gpt2"), ToolsRequest(**ASKED), report)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"question": " "}, "no question"),
        ({"question": "a" * 1_001}, "1,000"),
        ({"question": "?", "facts": ("Peru",)}, "Fact 1 is not"),
        ({"question": "?", "facts": ("Peru = 3", "= 4")}, "Fact 2 is not"),
        ({"question": "?", "facts": ("a = b",) * 61}, "60 facts"),
        ({"question": "?", "longest": 5}, "10 to 160"),
        ({"question": "?", "peaks": 9}, "peaks"),
        ({"question": "?", "temperature": 0.0}, "temperature"),
    ],
)
def test_what_tools_cannot_help_with_is_refused_in_one_line(asked, words, tiny_model):
    with pytest.raises(InputError, match=words) as refused:
        backend.study_tools(tiny_model("gpt2"), **asked)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200
