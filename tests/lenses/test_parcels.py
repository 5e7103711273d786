"""What a browser gets of every panel: whole headers, and arrays that are those of the run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.derived import number
from backend.lenses import LENSES
from backend.lenses.parts import part
from backend.runs import RUN_KINDS, Run, TokenizedRun
from tests.lenses.runs import VARIANTS, panels, run_of
from tests.lenses.unpacked import unpacked
from tests.runs.random_runs import runs_of

EVERY_LENS = pytest.mark.parametrize("kind", LENSES)
EVERY_PANEL = pytest.mark.parametrize(("kind", "name"), panels())
EVERY_VARIANT = pytest.mark.parametrize("variant", VARIANTS)


def parcel(run: Run, name: str, **parameters: str):
    content, media = part(LENSES[run.kind], run, name, parameters)
    assert media == "application/octet-stream"
    return unpacked(content)


@EVERY_PANEL
def test_every_panel_of_every_run_has_a_parcel(kind, name):
    for variant in VARIANTS:
        header, arrays = parcel(run_of(kind, variant), name)
        for each in header.get("numbers", []):
            assert each["name"] in arrays, f"a number that is described is there: {variant}"
            assert each["low"] < each["high"]


@EVERY_PANEL
def test_the_numbers_of_a_parcel_are_those_of_the_run(kind, name):
    panel = LENSES[kind].panel(name)
    if panel.module not in ("strip", "timeline", "expected", "facts") or "layer" in panel.asks():
        return  # heads, tables and charts have tests of their own
    for variant in VARIANTS:
        run = run_of(kind, variant)
        header, arrays = parcel(run, name)
        assert header["numbers"], variant
        for each in header["numbers"]:
            values = number(run, each["name"]).values.astype(np.float32)
            np.testing.assert_array_equal(arrays[each["name"]], values, variant)


@EVERY_LENS
@EVERY_VARIANT
def test_a_table_has_a_column_for_every_number(kind, variant):
    run = run_of(kind, variant)
    for panel in LENSES[kind].panels:
        if panel.module != "table":
            continue
        header, arrays = parcel(run, panel.name)
        names = [each["name"] for each in header["columns"]]
        assert len(set(names)) == len(names)
        assert set(panel.numbers()) <= set(names)
        for column in header["columns"]:
            if column["kind"] == "bar":
                assert set(column["bar"]) <= set(arrays), "a bar lies between two numbers"
                continue
            values = (header["texts"] if column["kind"] == "text" else arrays)[column["name"]]
            assert len(values) == header["rows"]
        for name in panel.numbers():
            np.testing.assert_array_equal(
                arrays[name], number(run, name).values.ravel().astype(np.float32)
            )
        act = header["act"]
        assert act is None or "open" in act or act["of"] in arrays
        assert header["csv"] in run.tables()
        assert header["sort"] is None or header["sort"]["name"] in names


@EVERY_LENS
@EVERY_VARIANT
def test_the_figures_are_numbers_or_say_that_there_is_none(kind, variant):
    header, _ = parcel(run_of(kind, variant), "figures")
    assert [each["name"] for each in header["figures"]] == list(LENSES[kind].figures)
    for each in header["figures"]:
        assert each["value"] is None or isinstance(each["value"], float | str)


@EVERY_LENS
@EVERY_VARIANT
def test_a_run_tells_its_model_and_how_it_was_made(kind, variant):
    run = run_of(kind, variant)
    facts = dict(parcel(run, "about")[0]["facts"])
    assert facts["Model"] == run.model.name
    assert facts["Made"].startswith(run.created)


@EVERY_LENS
@EVERY_VARIANT
def test_the_text_of_a_run_comes_token_by_token(kind, variant):
    run = run_of(kind, variant)
    if not isinstance(run, TokenizedRun):
        return
    header, arrays = parcel(run, "text")
    assert header["tokens"] == run.tokens
    np.testing.assert_array_equal(arrays["ids"], run.token_ids)


@pytest.mark.parametrize("kind", RUN_KINDS)
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)  # fmt: skip
@given(choice=st.data())
def test_random_runs_of_every_kind_have_all_parcels_and_charts(kind, choice):
    run = choice.draw(runs_of(kind))
    lens = LENSES[kind]
    for panel in lens.panels:
        unpacked(part(lens, run, panel.name)[0])
        panel.chart(run, choice.draw(st.sampled_from(("nats", "bits"))))
    for name in ("figures", "about", "run.json", "run.safetensors"):
        assert part(lens, run, name)[0]
