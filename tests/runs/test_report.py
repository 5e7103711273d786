"""A report holds the run's numbers, keeps everything escaped and asks nobody for anything."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from markupsafe import escape

import backend
from backend.charts.colours import THEMES
from backend.derived import number, quantity_of
from backend.errors import InputError
from backend.lenses import LENSES
from backend.report import report_html
from backend.runs import RUN_KINDS, DatasetRequest, ModelSpec
from backend.runs.model import ROUNDED
from backend.storage.csv_file import table_csv
from backend.storage.files import content_id
from backend.storage.snippet import snippet
from tests.runs.declared_runs import declared_run
from tests.runs.makers import (
    all_kinds,
    attention_run,
    divergence_run,
    text_run,
    trajectory_run,
)

HOSTILE = "</script><img src=x onerror=alert(1)>\n<b>&amp;\u2028{{ 7*7 }}"


def data_of(page: str) -> dict:
    return json.loads(re.search(r'type="application/json">(.*?)</script>', page, re.DOTALL)[1])


def values_of(page: str, name: str) -> np.ndarray:
    return np.array(
        [
            np.nan if each is None else float(each)
            for each in data_of(page)["measures"][name]["values"]
        ]
    )


@cache
def page_of(kind: str) -> str:
    return report_html(next(run for run in all_kinds() if run.kind == kind))


EVERY_KIND = pytest.mark.parametrize("kind", [run.kind for run in all_kinds()])


def test_the_numbers_on_the_page_are_those_of_the_run():
    run = text_run(curve=True)
    page = page_of("text")
    data = data_of(page)
    told = {"Entropy": "entropy", "Surprisal": "surprisal", "Varentropy": "varentropy"}
    told |= {"Rank": "rank", "Surprisal − entropy": "gap", "Probability": "probability"}
    assert set(told) <= set(data["measures"])
    for name, stored in told.items():
        # Seven digits are what float32 holds.
        np.testing.assert_allclose(
            np.float32(values_of(page, name)), np.float32(number(run, stored).values), rtol=1e-6
        )
    assert data["tokens"] == run.tokens
    assert data["expected"]["topIds"] == run.top_ids.tolist()


def test_the_strip_of_attention_tells_the_mean_and_the_ends_over_all_heads():
    entropy = np.random.default_rng(1).random((2, 3, 8)).astype(np.float32)
    entropy[1] = np.nan
    run = replace(attention_run(entropy), reasons={"1": "It is a state space layer."})
    page = report_html(run)
    known = entropy[0].astype(np.float64)
    np.testing.assert_allclose(values_of(page, "Mean over the heads"), known.mean(0), rtol=1e-6)
    np.testing.assert_allclose(values_of(page, "Widest head"), known.max(0), rtol=1e-6)
    np.testing.assert_allclose(values_of(page, "Narrowest head"), known.min(0), rtol=1e-6)


def test_the_strip_of_a_divergence_tells_all_three_and_its_colours_end_just_above_them():
    run = divergence_run()
    values = run.js * np.float32(0.04)  # 0.02 nats
    page = report_html(replace(run, js=values))
    np.testing.assert_allclose(np.float32(values_of(page, "Jensen–Shannon")), values, rtol=1e-6)
    measures = data_of(page)["measures"]
    assert list(measures) == ["Jensen–Shannon", "KL(A‖B)", "KL(B‖A)"]
    assert measures["Jensen–Shannon"]["ends"][1] == pytest.approx(np.log(2) / 10)
    assert measures["KL(A‖B)"]["ends"][1] == pytest.approx(0.7)


def test_an_infinite_divergence_does_not_stretch_the_colours():
    run = divergence_run()
    values = run.kl_ab.copy()
    values[3] = np.inf
    of = data_of(report_html(replace(run, kl_ab=values)))["measures"]["KL(A‖B)"]
    assert of["values"][3] == "inf"
    assert of["ends"][1] == pytest.approx(0.7)
    assert of["shades"][3] == 63, "it has the strongest colour"


def test_a_token_without_a_number_has_no_colour_and_the_others_one_by_their_share():
    run = text_run()
    of = data_of(report_html(run))["measures"]["Entropy"]
    expected = np.rint(np.floor(np.clip(run.entropy / 7, 0, 1) * 255 + 0.5) / 255 * 63)
    assert of["shades"][0] == -1
    assert of["shades"][1:] == expected[1:].astype(int).tolist()


def test_a_strip_along_another_axis_is_coloured_at_the_place_it_begins_with():
    run = declared_run("residual_norms")
    page = report_html(run)
    (name,) = data_of(page)["measures"]
    assert name == "Residual norm at depth 2"
    np.testing.assert_allclose(values_of(page, name), run.norms[-1], rtol=1e-6)


@EVERY_KIND
def test_every_report_names_the_sources_and_formulas_of_its_measures(kind):
    page = page_of(kind)
    sources = page.split("Sources of the measures")[1]
    for name in (each for panel in LENSES[kind].panels for each in panel.numbers()):
        of = quantity_of(RUN_KINDS[kind], name)
        assert str(escape(of.source)) in sources
        assert str(escape(of.formula)) in page
        assert str(escape(of.help)) in page


@EVERY_KIND
def test_every_report_has_the_pictures_of_its_lens(kind):
    page = page_of(kind)
    drawn = [
        panel
        for panel in LENSES[kind].panels
        if panel.module in ("chart", "timeline", "heads") and panel.area != "inspector"
    ]
    run = next(run for run in all_kinds() if run.kind == kind)
    for panel in drawn:
        if panel.chart(run, "nats") is not None:
            assert re.search(rf"<h2>{re.escape(str(escape(panel.title)))}[^<]*</h2>", page)
    assert page.count("<svg") >= len(drawn) - 1


@EVERY_KIND
def test_a_lens_is_called_by_its_title(kind):
    page = page_of(kind)
    assert f"{LENSES[kind].title} by " in page
    assert f"{LENSES[kind].title}, run " in page


def test_bits_are_used_throughout_when_asked_for():
    page = report_html(text_run(), "bits")
    measures = data_of(page)["measures"]
    assert measures["Entropy"]["unit"] == "bits"
    assert measures["Entropy"]["factor"] == pytest.approx(1 / np.log(2))
    assert measures["Varentropy"]["unit"] == "bits²"
    assert measures["Varentropy"]["factor"] == pytest.approx(1 / np.log(2) ** 2)
    assert "Mean entropy (bits)" in page
    assert "nats)" not in page.split("<details>")[0]


def test_a_unit_that_there_is_not_is_refused():
    with pytest.raises(InputError, match="'nats' or 'bits'"):
        report_html(text_run(), "bans")


@EVERY_KIND
def test_every_kind_has_a_report_that_needs_no_other_file(kind):
    run = next(run for run in all_kinds() if run.kind == kind)
    page = report_html(replace(run, title="A title", note="A note"))
    for word in ("A title", "A note", run.model.name, "Make it again", "Cite"):
        assert word in page
    shown = page.split("<h2>Model")[0]
    assert not re.search(r"(src|href)\s*=|url\((?!#)|@import|https?://", shown)
    assert "default-src 'none'" in page


@EVERY_KIND
def test_the_parts_of_several_pictures_keep_apart(kind):
    names = re.findall(r'<[^>]* id="([^"]+)"', page_of(kind))
    assert len(set(names)) == len(names)
    pointed = re.findall(r"url\(#([^)]+)\)", page_of(kind))
    assert set(pointed) <= set(names)


@EVERY_KIND
def test_the_colours_of_a_picture_follow_the_theme_of_the_page(kind):
    page = page_of(kind)
    for theme in ("light", "dark"):
        of = THEMES[theme]
        assert f"--ink:{of.ink};" in page
        assert f"--background:{of.background};" in page
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert 'fill="var(--quiet)"' in drawn
    assert f'"{THEMES["light"].quiet}"' not in drawn


def test_everything_from_outside_is_escaped():
    run = text_run(HOSTILE, title=HOSTILE, width=4)
    run = replace(
        run,
        note=HOSTILE,
        vocabulary=dict.fromkeys(run.vocabulary, HOSTILE),
        model=replace(run.model, name=HOSTILE, weights=HOSTILE),
        request=replace(run.request, model=ModelSpec(HOSTILE)),
    )
    page = report_html(run)
    assert "<img" not in page
    assert "<b>" not in page
    assert page.count("</script>") == 2
    assert "49" not in re.findall(r"<h1>(.*?)</h1>", page, re.DOTALL)[0]
    assert data_of(page)["tokens"] == run.tokens


def test_names_of_samplers_are_escaped_in_pictures_too():
    run = replace(trajectory_run(), labels=[HOSTILE, "top_p"])
    page = report_html(run)
    assert "<img" not in page
    assert "<b>" not in page


def test_infinities_reach_the_page_as_words():
    run = text_run()
    surprisal, logprobs = run.surprisal.copy(), run.top_logprobs.copy()
    surprisal[2], logprobs[2, -1] = np.inf, -np.inf
    data = data_of(report_html(replace(run, surprisal=surprisal, top_logprobs=logprobs)))
    assert data["measures"]["Surprisal"]["values"][0] is None
    assert data["measures"]["Surprisal"]["values"][2] == "inf"
    assert data["expected"]["topLogprobs"][2][-1] == "-inf"


def test_a_report_on_attention_has_its_heads_and_says_why_a_layer_has_no_pattern():
    entropy = np.full((2, 3, 8), 0.5, np.float32)
    entropy[1] = np.nan
    run = replace(attention_run(entropy), reasons={"1": "It is a <state> space layer."})
    page = report_html(run)
    assert "All heads (6)" in page
    assert "mean_induction_mass" in page
    assert "It is a &lt;state&gt; space layer." in page.split("Layers without a pattern")[1]


def test_a_report_on_a_divergence_has_the_facts_of_both_models():
    run = divergence_run()
    run = replace(run, other_model=replace(run.other_model, name="The second"))
    page = report_html(run)
    assert "<h2>Model A and parameters</h2>" in page
    assert "The second" in page.split("<h2>Model B</h2>")[1]
    assert "<th>other</th>" not in page


def test_a_report_on_a_data_set_says_that_it_shows_the_first_text():
    assert "<h2>First text</h2><pre>one</pre>" in page_of("dataset")


def test_a_report_on_trajectories_has_a_chart_of_entropy_surprisal_and_kept_tokens():
    page = page_of("trajectories")
    for name in ("Entropy", "Surprisal", "Tokens kept"):
        assert f"<h2>Curves: {name}</h2>" in page


def test_a_report_on_trajectories_has_what_every_sampler_wrote():
    run = trajectory_run()
    page = page_of("trajectories")
    for label in run.labels:
        for seed in run.request.seeds:
            assert f'{label} <span class="quiet">seed {seed}</span>' in page


def test_the_parameters_are_told_by_their_labels():
    page = page_of("text")
    assert "<tr><th>Begin with BOS</th><td>no</td></tr>" in page
    assert "<tr><th>Tokens kept</th><td>4</td></tr>" in page


def test_a_report_on_trajectories_tells_the_parameters_in_words():
    run = trajectory_run()
    told = page_of("trajectories").split("<th>Samplers</th><td>")[1].split("</td>")[0]
    assert "{" not in told
    assert all(f"{label} (" in told for label in run.labels)


def test_a_run_writes_its_report_and_shows_itself_in_a_notebook(tmp_path):
    run = text_run(title="<i>Mine</i>")
    path = run.report(tmp_path / "deep" / "run.html", "bits")
    assert path.read_text("utf-8") == report_html(run, "bits")
    shown = run._repr_html_()
    assert "&lt;i&gt;Mine&lt;/i&gt;" in shown
    assert shown.count("<svg") == 1


@EVERY_KIND
def test_every_kind_shows_the_first_picture_of_its_lens_in_a_notebook(kind):
    run = next(run for run in all_kinds() if run.kind == kind)
    shown = run._repr_html_()
    assert "<svg" in shown
    assert "--ink:" in shown
    assert "<script" not in shown


def test_a_run_is_cited_by_its_content():
    run = text_run()
    run = replace(run, model=replace(run.model, revision="abc123"))
    page = report_html(run)
    assert f"@misc{{entroscope_{content_id(run)}," in page
    assert "year = {2026}" in page
    assert "revision abc123" in page


def test_the_tables_of_attention_have_every_measure():
    run = replace(attention_run(), outside_mass=np.full((2, 3, 8), 0.25, np.float32))
    found = run.tables()
    np.testing.assert_array_equal(found["queries"]["score_spread"], run.score_spread.ravel())
    np.testing.assert_array_equal(found["queries"]["induction_mass"], run.induction_mass.ravel())
    np.testing.assert_array_equal(found["heads"]["spectral_norm"], run.spectral_norm.ravel())
    means = run.entropy.mean(2).ravel()
    np.testing.assert_allclose(found["heads"]["mean_entropy_nats"], means, rtol=1e-6)
    assert set(found["heads"]["mean_outside_mass"]) == {0.25}


@pytest.mark.parametrize("kind", ["text", "attention", "divergence"])
def test_the_tables_of_a_text_place_every_token(kind):
    run = next(each for each in all_kinds() if each.kind == kind)
    found = run.tables()["tokens"]
    np.testing.assert_array_equal(np.stack([found["start"], found["end"]], 1), run.offsets)
    np.testing.assert_array_equal(found["group"], run.groups)


def test_the_steps_of_trajectories_are_placed_in_what_was_written():
    run = trajectory_run()
    run = replace(run, offsets=np.arange(40, dtype=np.int32).reshape(2, 2, 5, 2))
    found = run.tables()["steps"]
    # The last trajectory is the fourth, and its third step the last.
    assert [found[name][-1] for name in ("step", "start", "end", "group")] == [2, 34, 35, 2]


def test_the_tables_of_trajectories_have_the_tops_and_what_others_would_have_kept():
    run = trajectory_run()
    shape = (2, *run.token_ids.shape)
    run = replace(run, compare_count=np.arange(40, dtype=np.int32).reshape(shape))
    found = run.tables()
    steps = int(run.lengths.sum())
    assert len(found["tops"]["place"]) == 2 * steps
    assert len(found["compared"]["kept_count"]) == 2 * steps
    last = {name: column[-1] for name, column in found["compared"].items()}
    # The last trajectory ends after three steps.
    assert last == {
        "judging_sampler": "top_p", "sampler": "top_p", "seed": 1, "step": 2, "kept_count": 37,
    }  # fmt: skip


def test_the_table_is_csv_that_any_reader_gives_back():
    run = text_run('a "quoted", text\nwith, commas')
    rows = list(csv.DictReader(io.StringIO(table_csv(run.tables()["tokens"]), newline="")))
    assert [row["text"] for row in rows] == run.tokens
    assert rows[0]["entropy_nats"] == ""
    read = np.array([row["entropy_nats"] for row in rows[1:]], np.float64)
    np.testing.assert_array_equal(read.astype(np.float32), run.entropy[1:])


@pytest.mark.parametrize("run", all_kinds(), ids=lambda run: run.kind)
def test_every_kind_has_tables_with_columns_of_one_length(run):
    for table in run.tables().values():
        assert len({len(column) for column in table.values()}) == 1
        table_csv(table)


def test_the_snippet_makes_the_run_again(tiny_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = backend.load_model(str(tiny_folder("llama")), device="cpu")
    run = backend.study_text(model, 'It\'s a "test".\n', top_k=3, add_bos=True)
    exec(snippet(run))  # noqa: S102
    again = backend.load_run("run.safetensors")
    np.testing.assert_array_equal(again.entropy, run.entropy)
    assert again.request.text == run.request.text


@pytest.mark.parametrize("run", all_kinds(), ids=lambda run: run.kind)
def test_the_snippet_of_every_kind_asks_for_an_equal_request(run):
    lines = snippet(run).replace("model=model.spec", "model=ModelSpec(dtype='float32')")
    before, _, asks = lines.partition("request = ")
    code = before.split("model = backend")[0] + "from backend.runs import ModelSpec\n"
    code += "request = " + asks.split("run = backend")[0]  # what it asks, unanswered
    names: dict = {}
    exec(code, names)  # noqa: S102
    asked = replace(run.request, model=ModelSpec(dtype="float32"))
    assert names["request"] == (asked if run.request.reads_model else run.request)


def test_the_snippet_says_that_it_does_not_round_the_weights():
    run = text_run()
    assert "rounded" not in snippet(run)
    weights = f"float32{ROUNDED}4 bits\nimport os"
    lines = snippet(replace(run, model=replace(run.model, weights=weights))).splitlines()
    assert "rounded" in lines[0]
    assert lines[1] == f"weights_of_the_run = {[weights]!r}"


def test_a_data_set_request_with_hostile_texts_stays_code():
    run = next(each for each in all_kinds() if each.kind == "dataset")
    hostile = replace(run, request=DatasetRequest(texts=("'); import os; ('", "x")))
    compile(snippet(hostile), "snippet", "exec")
