"""Any kind of run can be compared: pairs of every kind and size, with gaps and hostile words."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from backend.charts.render import render
from backend.derived.comparison import CompareRequest, compare
from backend.errors import InputError
from backend.lenses import LENSES
from backend.lenses.parts import part
from tests.lenses.runs import HOSTILE, VARIANTS, kinds, pair_of, run_of
from tests.lenses.unpacked import unpacked
from tests.runs.makers import attention_run, dataset_run, text_run, trajectory_run

LENS = LENSES["compare"]
EVERY_PAIR = pytest.mark.parametrize(
    ("kind", "variant"), [(kind, variant) for kind in kinds() for variant in VARIANTS]
)


def fitting(comparison):
    return [panel for panel in LENS.panels if panel.fits(comparison)]


def compared(a, b):
    return compare(CompareRequest(a="a", b="b"), a, b)


def parcel(comparison, name: str, **parameters: str):
    return unpacked(part(LENS, comparison, name, parameters)[0])


def chart(comparison, name: str, unit: str = "nats", **parameters: str):
    return json.loads(part(LENS, comparison, f"{name}.vl.json", {"unit": unit, **parameters})[0])


@EVERY_PAIR
def test_every_pair_has_a_picture_and_something_along_it(kind, variant):
    areas = {panel.area for panel in fitting(pair_of(kind, variant))}
    assert {"stage", "timeline"} <= areas


@EVERY_PAIR
def test_every_fitting_panel_of_every_pair_is_drawn_or_says_why_not(kind, variant):
    comparison = pair_of(kind, variant)
    for panel in fitting(comparison):
        if panel.module != "chart":
            header, arrays = parcel(comparison, panel.name)
            assert header or arrays
            continue
        spec = panel.chart(comparison, "bits")
        if spec is None:
            assert panel.missing, panel.name
            continue
        rest = {key: value for key, value in spec.items() if key != "datasets"}
        assert HOSTILE not in json.dumps(rest)
        assert b"<img" not in render(spec, "svg", "light")


@EVERY_PAIR
def test_the_numbers_of_a_whole_comparison_are_written_as_plain_json(kind, variant):
    header, _ = parcel(pair_of(kind, variant), "figures")
    assert [each["name"] for each in header["figures"]] == list(LENS.figures)


@EVERY_PAIR
def test_every_table_of_every_pair_can_be_had_as_csv(kind, variant):
    comparison = pair_of(kind, variant)
    for name in comparison.tables():
        assert part(LENS, comparison, f"table/{name}.csv")[0]


def test_only_what_fits_a_pair_is_shown():
    names = {
        kind: [panel.name for panel in fitting(pair_of(kind, "random"))]
        for kind in ("text", "attention", "dataset", "trajectories", "training")
    }
    assert names["text"] == [
        "compare", "sides", "curves", "against", "divergence", "differences", "summary",
    ]  # fmt: skip
    assert names["attention"][0] == "heads"
    assert names["dataset"] == ["rows", "against", "summary"]
    assert names["trajectories"] == ["paths", "differences", "summary"]
    assert names["training"] == ["overview", "differences"]


def test_both_texts_are_sent_place_by_place_with_their_numbers():
    a = text_run("abcdef", width=2)
    b = replace(a, surprisal=a.surprisal + np.float32(1))
    header, arrays = parcel(compared(a, b), "compare")
    assert (header["texts_a"], header["texts_b"]) == (["ab", "cd", "ef"], ["ab", "cd", "ef"])
    assert header["numbers"][0]["name"] == "surprisal"
    assert header["differences"][0]["scale"] == "diverging"
    np.testing.assert_array_equal(arrays["a:surprisal"], a.surprisal)
    np.testing.assert_array_equal(arrays["b:surprisal"], b.surprisal)
    assert arrays["first_b"].tolist() == [0, 1, 2]


def test_the_text_of_a_pair_is_that_of_a_and_the_other_one_is_at_hand_too():
    a, b = text_run("abcdef", width=2), text_run("abXYef", width=2)
    comparison = compared(a, b)
    assert parcel(comparison, "text")[0]["tokens"] == a.tokens
    assert parcel(comparison, "sides")[0]["tokens"] == b.tokens


def test_of_an_attention_run_the_numbers_of_one_head_are_sent():
    entropy = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    comparison = compared(attention_run(entropy), attention_run(entropy + 1))
    _, arrays = parcel(comparison, "compare", layer="1", head="2")
    assert arrays["a:entropy"].tolist() == [20, 21, 22, 23]
    with pytest.raises(InputError, match="head is a whole number from 0 to 2"):
        parcel(comparison, "compare", layer="1", head="3")


def test_a_number_with_depths_is_sent_for_all_of_them():
    comparison = pair_of("residual_norms", "random")
    header, arrays = parcel(comparison, "compare")
    assert header["at"]["norms"] == "D"
    assert arrays["a:norms"].shape == comparison.a.norms.shape


def test_the_table_of_differences_has_the_largest_first():
    a = text_run("abcdef", width=2)
    b = replace(a, surprisal=a.surprisal + np.array([0, 1, -3], np.float32))
    header, arrays = parcel(compared(a, b), "differences")
    assert header["sort"] == {"name": "size", "descending": True}
    assert header["act"] == {"state": "place", "of": "place"}
    np.testing.assert_allclose(arrays["difference"], [np.nan, 1, -3], atol=1e-6)
    np.testing.assert_allclose(arrays["size"], [np.nan, 1, 3], atol=1e-6)
    assert header["texts"]["in"] == ["both"] * 3


def test_the_table_follows_the_number_that_colours():
    a = text_run()
    _, arrays = parcel(compared(a, a), "differences", number="entropy")
    np.testing.assert_array_equal(arrays["a"], a.entropy)
    _, arrays = parcel(compared(a, a), "differences", number="of another lens")
    np.testing.assert_array_equal(arrays["a"], a.surprisal)


def test_the_table_of_data_sets_has_every_number_and_rows_as_people_count_them():
    header, arrays = parcel(compared(dataset_run(), dataset_run()), "rows")
    labels = [each["label"] for each in header["columns"] if not each["hidden"]]
    assert labels[:3] == ["row of A", "row of B", "text"]
    assert "Bits per byte, B − A" in labels
    assert arrays["row of A"].tolist() == [1, 2, 3]


def test_the_table_of_samplers_has_their_mean_differences_and_agreement():
    comparison = compared(trajectory_run(("top_p",)), trajectory_run(("top_p",), shift=1))
    header, arrays = parcel(comparison, "differences")
    assert header["texts"]["sampler"] == ["top_p"]
    assert arrays["entropy"][0] == pytest.approx(1, abs=1e-5)
    assert arrays["same"].tolist() == [1]


def test_bounds_are_drawn_until_the_exact_divergence_is_known():
    from tests.runs.makers import divergence_run

    a = text_run()
    comparison = compared(a, a)
    lines = {row["line"] for row in chart(comparison, "divergence")["datasets"]["points"]}
    assert "KL(A‖B) at least" in lines
    exact = replace(comparison, divergence=divergence_run())
    points = chart(exact, "divergence")["datasets"]["points"]
    assert {row["line"] for row in points} == {"Jensen–Shannon", "KL(A‖B)", "KL(B‖A)"}
    assert {row["value"] for row in points if row["line"] == "KL(A‖B)"} == {None, 0.5}


def test_models_with_different_vocabularies_have_no_divergence_and_that_is_said():
    a = text_run()
    b = replace(a, vocabulary={key: f"{text}!" for key, text in a.vocabulary.items()})
    assert "different vocabularies" in chart(compared(a, b), "divergence")["nothing"]
    with pytest.raises(InputError, match="different vocabularies"):
        part(LENS, compared(a, b), "divergence.svg", {"theme": "light"})


def test_the_map_of_heads_shows_b_minus_a_of_their_means():
    entropy = np.zeros((2, 3, 4), np.float32)
    comparison = compared(attention_run(entropy), attention_run(entropy + 2))
    values = {row["value"] for row in chart(comparison, "heads")["datasets"]["points"]}
    assert values == {2}


def test_a_curve_shows_both_runs_in_either_unit():
    a = text_run("abcdef", width=2)
    spec = chart(compared(a, a), "curves", "bits", number="entropy")
    points = spec["datasets"]["points"]
    of_b = [row["value"] for row in points if row["line"] == "B"]
    np.testing.assert_allclose(np.array(of_b[1:], float), a.entropy[1:], rtol=1e-6)
    assert next(each["value"] for each in spec["params"] if each["name"] == "factor") > 1.4


@pytest.mark.parametrize("name", ["run.json", "run.safetensors"])
def test_a_comparison_is_no_file(name):
    with pytest.raises(InputError, match="There is no part"):
        part(LENS, pair_of("text", "random"), name)


def test_what_was_computed_with_what_is_told_of_both_where_it_differs():
    a = text_run()
    b = replace(a, model=replace(a.model, dtype="bfloat16"))
    told = dict(parcel(compared(a, b), "about")[0]["facts"])
    assert told["Model"] == "Tiny"
    assert told["Computed in"] == "A: float32 on cpu · B: bfloat16 on cpu"


def test_runs_of_two_kinds_are_no_pair():
    with pytest.raises(InputError, match="choose two alike"):
        compared(run_of("text", "random"), run_of("dataset", "random"))
