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
from backend.runs import DatasetRequest, ModelSpec
from backend.runs.report import report_html
from backend.runs.snippet import snippet
from backend.runs.tables import table_csv, tables
from tests.runs.makers import all_kinds, text_run

SHADES = [(f"#{each:02x}{each:02x}{each:02x}", "#ffffff") for each in range(0, 256, 8)]
HOSTILE = "</script><img src=x onerror=alert(1)>\n<b>&amp;\u2028{{ 7*7 }}"


def data_of(page: str) -> dict:
    return json.loads(re.search(r'type="application/json">(.*?)</script>', page, re.DOTALL)[1])


def test_the_numbers_on_the_page_are_those_of_the_run():
    run = text_run(curve=True)
    data = data_of(report_html(run, SHADES))
    for name in ("entropy", "surprisal", "rank"):
        values = np.array(data[name], dtype=np.float32)
        # Seven digits are what float32 holds.
        np.testing.assert_allclose(values, getattr(run, name), rtol=1e-6)
    assert data["tokens"] == run.tokens
    assert data["topIds"] == run.top_ids.tolist()


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


def test_the_table_is_csv_that_any_reader_gives_back():
    run = text_run('a "quoted", text\nwith, commas')
    rows = list(csv.DictReader(io.StringIO(table_csv(tables(run)["tokens"]), newline="")))
    assert [row["text"] for row in rows] == run.tokens
    assert rows[0]["entropy_nats"] == ""
    read = np.array([row["entropy_nats"] for row in rows[1:]], np.float64)
    np.testing.assert_array_equal(read.astype(np.float32), run.entropy[1:])


@pytest.mark.parametrize("run", all_kinds(), ids=lambda run: run.kind)
def test_every_kind_has_tables_with_columns_of_one_length(run):
    for table in tables(run).values():
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
    assert names["request"] == replace(run.request, model=ModelSpec(dtype="float32"))


def test_a_data_set_request_with_hostile_texts_stays_code():
    run = next(each for each in all_kinds() if each.kind == "dataset")
    hostile = replace(run, request=DatasetRequest(texts=("'); import os; ('", "x")))
    compile(snippet(hostile), "snippet", "exec")
