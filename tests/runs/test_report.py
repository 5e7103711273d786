"""A report holds the run's numbers, keeps everything escaped and asks nobody for anything."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest

import backend
from backend.report import report_html
from backend.report.pictures import Line, lines_picture
from backend.runs import DatasetRequest, ModelSpec
from backend.runs.model import ROUNDED
from backend.storage.csv_file import table_csv
from backend.storage.files import content_id
from backend.storage.snippet import snippet
from tests.runs.makers import (
    all_kinds,
    attention_run,
    divergence_run,
    text_run,
    trajectory_run,
)

SHADES = [(f"#{each:02x}{each:02x}{each:02x}", "#ffffff") for each in range(0, 256, 8)]
HOSTILE = "</script><img src=x onerror=alert(1)>\n<b>&amp;\u2028{{ 7*7 }}"


def data_of(page: str) -> dict:
    return json.loads(re.search(r'type="application/json">(.*?)</script>', page, re.DOTALL)[1])


def test_the_numbers_on_the_page_are_those_of_the_run():
    run = text_run(curve=True)
    data = data_of(report_html(run, SHADES))
    told = data["measures"] | {"rank": data["predicted"]["rank"]}
    assert set(told) == {"entropy", "surprisal", "rank"}
    for name, values in told.items():
        # Seven digits are what float32 holds.
        np.testing.assert_allclose(np.float32(values), getattr(run, name), rtol=1e-6)
    assert data["tokens"] == run.tokens
    assert data["predicted"]["topIds"] == run.top_ids.tolist()


def test_the_strip_of_attention_tells_the_mean_and_the_ends_over_all_heads():
    entropy = np.random.default_rng(1).random((2, 3, 8)).astype(np.float32)
    entropy[1] = np.nan
    run = replace(attention_run(entropy), reasons={"1": "It is a state space layer."})
    told = data_of(report_html(run, SHADES))["measures"]
    known = entropy[0].astype(np.float64)
    np.testing.assert_allclose(told["mean entropy"], known.mean(0), rtol=1e-6)
    np.testing.assert_allclose(told["widest head"], known.max(0), rtol=1e-6)
    np.testing.assert_allclose(told["narrowest head"], known.min(0), rtol=1e-6)


def test_the_strip_of_a_divergence_tells_all_three_and_its_colours_end_just_above_them():
    run = divergence_run()
    values = run.js * np.float32(0.04)  # 0.02 nats
    data = data_of(report_html(replace(run, js=values), SHADES))
    np.testing.assert_allclose(np.float32(data["measures"]["Jensen–Shannon"]), values, rtol=1e-6)
    assert data["high"]["Jensen–Shannon"] == pytest.approx(np.log(2) / 10)
    assert data["high"]["KL(A‖B)"] == pytest.approx(0.7)


def test_an_infinite_divergence_does_not_stretch_the_colours():
    run = divergence_run()
    values = run.kl_ab.copy()
    values[3] = np.inf
    data = data_of(report_html(replace(run, kl_ab=values), SHADES))
    assert data["measures"]["KL(A‖B)"][3] == "inf"
    assert data["high"]["KL(A‖B)"] == pytest.approx(0.7)


@pytest.mark.parametrize("run", all_kinds(), ids=lambda run: run.kind)
def test_every_report_names_the_sources_and_formulas_of_its_measures(run):
    page = report_html(run, SHADES)
    assert re.search(r"19\d\d|20\d\d", page.split("Sources of the measures")[1])
    assert re.search(r"H = −Σ|Σ a ln", page)


def test_bits_are_used_throughout_when_asked_for():
    page = report_html(text_run(), SHADES, "bits")
    assert data_of(page)["unit"] == "bits"
    assert "mean entropy (bits)" in page
    assert "nats)" not in page.split("<details>")[0]


@pytest.mark.parametrize("run", all_kinds(), ids=lambda run: run.kind)
def test_every_kind_has_a_report_that_needs_no_other_file(run):
    page = report_html(replace(run, title="A title", note="A note"), SHADES)
    for word in ("A title", "A note", run.model.name, "Make it again", "Cite"):
        assert word in page
    assert not re.search(r"(src|href)\s*=|url\(|@import|https?://", page.split("<h2>Model")[0])
    assert "default-src 'none'" in page


def test_everything_from_outside_is_escaped():
    run = text_run(HOSTILE, title=HOSTILE, width=4)
    run = replace(
        run,
        note=HOSTILE,
        vocabulary=dict.fromkeys(run.vocabulary, HOSTILE),
        model=replace(run.model, name=HOSTILE, weights=HOSTILE),
        request=replace(run.request, model=ModelSpec(HOSTILE)),
    )
    page = report_html(run, SHADES)
    assert "<img" not in page
    assert "<b>" not in page
    assert page.count("</script>") == 2
    assert "49" not in re.findall(r"<h1>(.*?)</h1>", page, re.DOTALL)[0]
    assert data_of(page)["tokens"] == run.tokens


def test_infinities_reach_the_page_as_words():
    run = text_run()
    surprisal, logprobs = run.surprisal.copy(), run.top_logprobs.copy()
    surprisal[2], logprobs[2, -1] = np.inf, -np.inf
    data = data_of(report_html(replace(run, surprisal=surprisal, top_logprobs=logprobs), SHADES))
    assert data["measures"]["surprisal"][0] is None
    assert data["measures"]["surprisal"][2] == "inf"
    assert data["predicted"]["topLogprobs"][2][-1] == "-inf"


def test_a_report_on_attention_has_its_heads_and_says_why_a_layer_has_no_pattern():
    entropy = np.full((2, 3, 8), 0.5, np.float32)
    entropy[1] = np.nan
    run = replace(attention_run(entropy), reasons={"1": "It is a <state> space layer."})
    page = report_html(run, SHADES)
    assert "All heads (6)" in page
    assert "mean_induction_mass" in page
    assert "It is a &lt;state&gt; space layer." in page.split("Layers without a pattern")[1]
    # Colours go to ln 8, whatever the values are.
    assert f"{np.log(8):.2f} nats" in page


def test_a_report_on_a_divergence_has_the_facts_of_both_models():
    run = divergence_run()
    run = replace(run, other_model=replace(run.other_model, name="The second"))
    page = report_html(run, SHADES)
    assert "<h2>Model A</h2>" in page
    assert "The second" in page.split("<h2>Model B</h2>")[1]
    assert "<th>other</th>" not in page


def test_a_report_on_a_data_set_says_that_it_shows_the_first_text():
    run = next(each for each in all_kinds() if each.kind == "dataset")
    assert "<h2>First text</h2><pre>one</pre>" in report_html(run, SHADES)


def test_a_report_on_trajectories_has_a_chart_of_entropy_surprisal_and_kept_tokens():
    page = report_html(trajectory_run(), SHADES)
    for name in ("Entropy by step", "Surprisal by step", "Kept tokens by step"):
        assert f"<h2>{name}</h2>" in page


def test_a_report_on_trajectories_tells_the_parameters_in_words():
    run = trajectory_run()
    page = report_html(run, SHADES)
    told = page.split("<th>samplers</th><td>")[1].split("</td>")[0]
    assert "{" not in told
    assert all(f"{label} (" in told for label in run.labels)


def test_counts_stand_on_powers_of_ten():
    line = Line("top-p", np.array([1.0, 30.0, 49_152.0, np.nan]))
    picture = lines_picture("Kept", "", [line], "step", "tokens", log=True)
    for label in ("1", "10", "1,000", "100,000"):
        assert f">{label}</text>" in picture.svg
    one = lines_picture("Kept", "", [Line("greedy", np.ones(3))], "step", "tokens", log=True)
    assert "nan" not in one.svg


def test_a_run_is_cited_by_its_content():
    run = text_run()
    run = replace(run, model=replace(run.model, revision="abc123"))
    page = report_html(run, SHADES)
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
    code = lines.split("model = backend")[0] + "from backend.runs import ModelSpec\n"
    code += "request = " + lines.split("request = ")[1].split("run = backend")[0]
    names: dict = {}
    exec(code, names)  # noqa: S102
    asked = replace(run.request, model=ModelSpec(dtype="float32"))
    assert names["request"] == (asked if run.request.reads_model else run.request)


def test_the_snippet_says_that_it_does_not_round_the_weights():
    run = text_run()
    assert "rounded" not in snippet(run)
    weights = f"float32{ROUNDED}4 bits\nimport os"
    code = snippet(replace(run, model=replace(run.model, weights=weights)))
    assert code.splitlines()[0].endswith("float32; rounded again to 4 bits import os.")


def test_a_data_set_request_with_hostile_texts_stays_code():
    run = next(each for each in all_kinds() if each.kind == "dataset")
    hostile = replace(run, request=DatasetRequest(texts=("'); import os; ('", "x")))
    compile(snippet(hostile), "snippet", "exec")
