"""The picture of every panel: valid, offline, in both units, and no place for anybody's markup."""

from __future__ import annotations

import json
import math
import re
from functools import cache

import numpy as np
import pytest

from backend.charts.base import HEADS
from backend.charts.colours import vega_config
from backend.charts.render import render
from backend.lenses import LENSES
from backend.lenses.panels.picture import Picture
from tests.charts.drawn import marks, scene, with_signals, words
from tests.lenses.runs import HOSTILE, VARIANTS, panels, run_of

EVERY_PANEL = pytest.mark.parametrize(("kind", "name"), panels())
SCHEMA = "https://vega.github.io/schema/vega-lite/"
WITHOUT = {
    "notes",
    "expected_step",
    "measures",
    "pairs",
    "token",
    "head",
    "pattern",
    "kinds",
    "facts",
    "row",
    "tree",
}
"""Panels that are no picture: tables, lists, and what the model makes on demand."""

DRAWN = [
    (kind, name)
    for kind, name in panels()
    if name not in WITHOUT and LENSES[kind].panel(name).module != "table"
]
EVERY_PICTURE = pytest.mark.parametrize(("kind", "name"), DRAWN)


@cache
def _chart(kind: str, name: str, variant: str, unit: str, parameters: frozenset):
    return LENSES[kind].panel(name).chart(run_of(kind, variant), unit, dict(parameters))


def chart(kind: str, name: str, variant: str, unit: str = "nats", **parameters: str):
    return _chart(kind, name, variant, unit, frozenset(parameters.items()))


@cache
def picture(kind: str, name: str, variant: str) -> str | None:
    """Return the picture as SVG; None where there is none."""
    spec = chart(kind, name, variant)
    return None if spec is None else render(spec, "svg", "dark").decode()


def without_data(spec) -> str:
    return json.dumps({key: value for key, value in spec.items() if key != "datasets"})


@EVERY_PICTURE
def test_the_shipped_run_has_every_picture(kind, name):
    assert chart(kind, name, "shipped") is not None or name == "feedback"


DRAWN_AT_ONCE = ("shipped", "empty", "hostile")


@EVERY_PANEL
@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(each, marks=() if each in DRAWN_AT_ONCE else pytest.mark.slow)
        for each in VARIANTS
    ],
)
def test_every_chart_is_valid_vega_lite(kind, name, variant):
    drawn = picture(kind, name, variant)
    assert drawn is None or drawn.startswith("<svg")


@EVERY_PICTURE
def test_no_chart_names_a_foreign_address(kind, name):
    for spec in filter(None, (chart(kind, name, variant) for variant in VARIANTS)):
        assert spec["$schema"].startswith(SCHEMA)
        rest = {key: value for key, value in spec.items() if key not in ("$schema", "datasets")}
        assert "//" not in json.dumps(rest)
        assert "url" not in json.dumps(rest)


@EVERY_PICTURE
def test_what_people_and_tokenizers_wrote_is_data_only(kind, name):
    spec = chart(kind, name, "hostile")
    if spec is None:
        return
    written = without_data(spec)
    assert [each for each in ("evil", "{{7*7}}", "onerror", "script>") if each in written] == []


@EVERY_PICTURE
def test_a_hostile_text_is_never_markup_in_a_picture(kind, name):
    drawn = picture(kind, name, "hostile") or ""
    assert "<img" not in drawn
    assert "<script" not in drawn


@EVERY_PICTURE
def test_bits_are_nats_by_one_signal(kind, name):
    nats, bits = (chart(kind, name, "shipped", unit) for unit in ("nats", "bits"))
    if nats is None:
        return
    factor = {each["name"]: each.get("value") for each in bits["params"]}["factor"]
    assert factor == pytest.approx(1 / math.log(2))
    assert with_signals(nats, factor=factor) == with_signals(bits, factor=factor)


@EVERY_PICTURE
@pytest.mark.parametrize(
    ("unit", "other"), [pytest.param("nats", "bits", marks=pytest.mark.slow), ("bits", "nats")]
)
def test_a_picture_names_the_unit_that_it_shows(kind, name, unit, other):
    panel = LENSES[kind].panel(name)
    if not isinstance(panel, Picture) and panel.module not in ("strip", "timeline", "heads"):
        return
    spec = chart(kind, name, "shipped", unit)
    if spec is None:
        return
    said = " ".join(words(scene(spec)))
    assert not re.search(rf"\({other}²?\)", said)
    if re.search(r"\bunit_name\b.*\)", without_data(spec)) and "title" in without_data(spec):
        assert unit in said or name in ("flags", "quarters", "cumulative"), said[:200]


@EVERY_PICTURE
def test_a_mark_that_can_be_pressed_tells_where_it_is(kind, name):
    wanted = LENSES[kind].panel(name).options(LENSES[kind].run_type).get("cursor")
    if wanted is None:
        return
    fields = ("layer", "head") if wanted == "head" else (wanted,)
    for spec in filter(None, (chart(kind, name, variant) for variant in VARIANTS)):
        rows = next(iter(spec["datasets"].values()))
        if "count" in (rows[0] if rows else {}):  # the bars of a histogram are of many places
            rows = spec["datasets"]["pins"]
        assert all(isinstance(row[field], int) for row in rows for field in fields)


@EVERY_PICTURE
def test_the_pin_is_marked_by_a_signal(kind, name):
    panel = LENSES[kind].panel(name)
    spec = chart(kind, name, "shipped")
    wanted = panel.options(LENSES[kind].run_type).get("cursor")
    if spec is None or wanted is None:
        return
    place = 3 * HEADS + 1 if wanted == "head" else 3
    here = [vega_config("light")["style"]["here"]["color"]]
    plain, pinned = (
        sum(
            str(item.get("stroke", "")).upper() in here
            for kind_of in ("rule", "rect", "symbol")
            for item in marks(scene(with_signals(spec, cursor=each)), kind_of)
        )
        for each in (-1, place)
    )
    assert (plain, pinned) == (0, 1)


@EVERY_PICTURE
def test_every_choice_of_a_chart_draws_another_one(kind, name):
    panel = LENSES[kind].panel(name)
    for choice in panel.options(LENSES[kind].run_type).get("choices", []):
        drawn = [
            json.dumps(chart(kind, name, "shipped", **{choice["parameter"]: each["value"]}))
            for each in choice["values"]
        ]
        assert len(set(drawn)) == len(drawn)


def test_values_of_a_curve_are_those_of_the_quantity_in_either_unit():
    run = run_of("text", "shipped")
    for unit in ("nats", "bits"):
        spec = chart("text", "along_entropy", "shipped", unit)
        texts = [each["description"] for each in marks(scene(spec), "symbol")]
        entropy = [
            float(re.search(r"value: ([\d.e+-]+)", each)[1]) for each in texts if "Entropy" in each
        ]
        factor = 1 if unit == "nats" else 1 / math.log(2)
        np.testing.assert_allclose(entropy, run.entropy[1:] * factor, rtol=2e-5)


def test_the_picture_of_what_was_expected_follows_the_token():
    run = run_of("text", "shipped")
    for token in (1, 7):
        rows = chart("text", "expected", "shipped", token=str(token))["datasets"]["points"]
        assert sum(each["share"] for each in rows) == pytest.approx(1, abs=1e-5)
        (came,) = [each for each in rows if each["kind"] == "the token that came"]
        assert came["share"] == pytest.approx(math.exp(-float(run.surprisal[token])), rel=1e-5)
        assert rows[-1]["label"].endswith("others")
    assert chart("text", "expected", "shipped", token="0") is None


def test_the_cumulative_distribution_ends_where_the_vocabulary_does():
    rows = chart("text", "cumulative", "shipped", token="5")["datasets"]["points"]
    shares = [each["share"] for each in rows]
    assert shares == sorted(shares)
    assert rows[0]["rank"] == 1
    assert shares[-1] == pytest.approx(1, abs=1e-4)
    assert chart("text", "cumulative", "shipped", token="0") is None


def test_hostile_texts_are_in_the_data_of_charts_as_they_can_be_read():
    rows = chart("trajectories", "along_entropy_n", "hostile")["datasets"]["points"]
    assert any("evil.example" in each["line"] for each in rows)
    assert not any("\u202e" in str(each) for each in rows), HOSTILE
