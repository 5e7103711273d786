"""Parts by name: files, tables and pictures, and what is said to useless addresses."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import numpy as np
import pytest

from backend.errors import InputError
from backend.lenses import LENSES
from backend.lenses.parts import CHARTS, part
from backend.storage.csv_file import table_csv
from backend.storage.files import parse_run
from tests.lenses.runs import VARIANTS, kinds, panels, run_of
from tests.lenses.unpacked import unpacked

EVERY_KIND = pytest.mark.parametrize("kind", kinds())
EVERY_PANEL = pytest.mark.parametrize(("kind", "name"), panels())
USELESS = ("-1", "1e3", "٣", " 1", "9" * 400, "nan", "</script>", "", "999999", "0x1", "\n")


def get(kind: str, name: str, variant: str = "shipped", **parameters: str):
    return part(LENSES[kind], run_of(kind, variant), name, parameters)


@EVERY_KIND
def test_a_run_can_be_had_as_a_file_and_as_json(kind):
    content, _ = get(kind, "run.safetensors")
    assert parse_run(content, "x").request == run_of(kind, "shipped").request
    content, media = get(kind, "run.json")
    assert media == "application/json"
    assert json.loads(content)["kind"] == kind


@EVERY_KIND
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_table_can_be_had_as_csv(kind, variant):
    run = run_of(kind, variant)
    for name, table in run.tables().items():
        content, media = get(kind, f"table/{name}.csv", variant)
        assert media.startswith("text/csv")
        assert content == table_csv(table).encode("utf-8", "replace")


def every_form() -> Iterator[tuple]:
    """Yield every panel with every form; pictures of further panels in slow tests only."""
    seen = set()
    for kind, name in panels():
        for ending in CHARTS:
            slow = ending in ("svg", "png") and kind in seen
            yield pytest.param(kind, name, ending, marks=pytest.mark.slow if slow else ())
        seen.add(kind)


@pytest.mark.parametrize(("kind", "name", "ending"), list(every_form()))
def test_every_picture_can_be_had_in_every_form(kind, name, ending):
    if LENSES[kind].panel(name).chart(run_of(kind, "shipped"), "nats") is None:
        if ending == "vl.json":  # the page shows why
            assert json.loads(get(kind, f"{name}.{ending}")[0])["nothing"].endswith(".")
            return
        with pytest.raises(InputError, match=r"\.$"):
            get(kind, f"{name}.{ending}")
        return
    content, media = get(kind, f"{name}.{ending}", unit="bits", theme="dark")
    assert media == CHARTS[ending]
    if media == "application/json":
        assert json.loads(content)
    elif ending == "csv":
        rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
        assert len({len(row) for row in rows}) == 1
    else:
        assert content.startswith(b"<svg" if ending == "svg" else b"\x89PNG")


@EVERY_PANEL
def test_a_useless_parameter_is_answered_in_one_clear_line(kind, name):
    panel = LENSES[kind].panel(name)
    for parameter in (*panel.asks(), "unit", "theme"):
        for value in USELESS:
            if parameter in ("stop",) and value in ("1",):
                continue
            ask = f"{name}.vl.json" if parameter in ("unit", "theme") else name
            try:
                get(kind, ask, **{parameter: value})
            except InputError as error:
                told = str(error)
                assert "\n" not in told
                assert len(told) < 400
                assert value[:50] == value or value not in told
            else:  # what takes no notice of a parameter draws the same without it
                assert ask == name
                assert get(kind, name, **{parameter: value}) == get(kind, name)


@pytest.mark.parametrize(
    "parameters",
    [{"layer": "30"}, {"head": "9"}, {"layer": "-1"}, {"first": "maybe"}, {"layer": "1.0"}],
)
def test_a_head_that_is_not_there_is_refused(parameters):
    with pytest.raises(InputError, match="not"):
        get("attention", "head", **parameters)


@pytest.mark.parametrize(
    "parameters", [{"start": "5", "stop": "5"}, {"start": "37"}, {"stop": "38"}, {"stop": "0"}]
)
def test_queries_that_are_not_there_are_refused(parameters):
    with pytest.raises(InputError, match="whole number from"):
        get("attention", "heads", **parameters)


@EVERY_KIND
@pytest.mark.parametrize(
    "name",
    ["", "nothing", "../run.json", "strip.exe", "table/../x.csv", "table/nothing.csv", "table/x",
     "report.html", "strip.", ".svg", "a" * 10_000],
)  # fmt: skip
def test_a_part_that_is_not_there_is_refused(kind, name):
    with pytest.raises(InputError) as refused:
        get(kind, name)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


@EVERY_KIND
def test_a_parameter_that_no_part_knows_is_refused(kind):
    for name in ("figures", "about", "run.json", LENSES[kind].panels[0].name):
        with pytest.raises(InputError, match="no parameter 'v'"):
            get(kind, name, v="1")


def test_a_report_is_made_by_whoever_hands_in_how():
    run = run_of("text", "shipped")
    made = part(
        LENSES["text"], run, "report.html", {"unit": "bits"},
        report=lambda run, unit: f"<p>{run.kind} {unit}</p>",
    )  # fmt: skip
    assert made == (b"<p>text bits</p>", "text/html; charset=utf-8")


def test_one_head_has_all_its_measures_along_the_text():
    run = run_of("attention", "shipped")
    header, arrays = unpacked(get("attention", "head", layer="3", head="5")[0])
    assert (header["name"], header["layer"], header["head"]) == ("L3.H5", 3, 5)
    np.testing.assert_array_equal(arrays["entropy"], run.entropy[3, 5])
    np.testing.assert_array_equal(arrays["induction_mass"], run.induction_mass[3, 5])
    np.testing.assert_array_equal(arrays["ceiling"], run.max_entropy[3])
    assert [each["style"] for each in header["lines"]] == ["line", "ceiling", "floor"]
    known = np.isfinite(arrays["floor"])
    assert (arrays["floor"][known] <= arrays["entropy"][known] + 1e-3).all()
    hidden, rest = unpacked(get("attention", "head", layer="3", head="5", first="hide")[0])
    assert "floor" not in rest
    assert [each["style"] for each in hidden["lines"]] == ["line", "ceiling"]


def test_the_grid_of_heads_has_means_over_the_chosen_queries():
    run = run_of("attention", "shipped")
    header, arrays = unpacked(get("attention", "heads", start="4", stop="20")[0])
    assert (header["start"], header["stop"], header["tokens"]) == (4, 20, len(run))
    np.testing.assert_allclose(arrays["entropy"], run.entropy[..., 4:20].mean(-1), rtol=1e-5)
    np.testing.assert_allclose(arrays["self_mass"], run.self_mass[..., 4:20].mean(-1), rtol=1e-5)
    one, single = unpacked(get("attention", "heads", start="7", stop="8")[0])
    np.testing.assert_array_equal(single["entropy"], run.entropy[..., 7])
    assert one["stop"] - one["start"] == 1


def test_the_grid_of_heads_has_what_flags_are_made_of():
    from backend.derived.heads import flag_heads

    run = run_of("attention", "shipped")
    header, arrays = unpacked(get("attention", "heads")[0])
    for scale in ("observed", "tokens", "visible"):
        expected = flag_heads(run, scale=scale)
        share = arrays["flag_entropy"] / header["scales"][scale]
        np.testing.assert_allclose(share, expected.share, rtol=1e-5)
        np.testing.assert_array_equal(share >= 0.75, expected.overload)
        np.testing.assert_array_equal(share <= 0.05, expected.collapse)
    assert header["flags"] == {"number": "flag_entropy", "scale": header["scales"]["observed"]}


def test_the_grid_of_heads_has_the_lowest_entropy_of_each_and_its_bound():
    run = run_of("attention", "shipped")
    _, arrays = unpacked(get("attention", "heads")[0])
    free = run.entropy[..., 1:]
    np.testing.assert_array_equal(arrays["lowest_entropy"], free.min(-1))
    np.testing.assert_array_equal(arrays["lowest_token"], 1 + free.argmin(-1))
    assert (arrays["lowest_floor"] <= arrays["lowest_entropy"] + 1e-3).all()


def test_the_band_of_the_gap_walk_lies_on_both_sides_of_0():
    header, arrays = unpacked(get("text", "along_gap_walk")[0])
    (band,) = header["bands"]
    assert band["of"] == "gap_walk"
    np.testing.assert_array_equal(arrays[band["low"]], -arrays[band["high"]])


def test_colours_of_tiny_divergences_end_just_above_them():
    header, arrays = unpacked(get("divergence", "strip")[0])
    for each in header["numbers"]:
        values = arrays[each["name"]]
        largest = values[np.isfinite(values)].max()
        assert largest <= each["high"] <= 10 * largest
