"""What the pictures of trajectories are made of."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from backend.runs.sampler_info import Filtered
from backend.runs.trajectories import plans
from components.picture import render
from components.trajectories.bench_charts import (
    survive_chart,
    survive_data,
    sweep_chart,
    sweep_data,
)
from components.trajectories.curves import curve_chart, curve_data
from components.trajectories.feedback import feedback_chart, feedback_data, feedback_rows
from components.trajectories.live import live_texts
from components.trajectories.measures import measures_frame
from components.trajectories.rows import (
    NUMBERS,
    Row,
    grid_metrics,
    parts_of,
    row_label,
    rows_of,
    tokens_of,
)
from components.trajectories.step_bars import step_chart
from components.trajectories.step_data import Place, step_data
from components.trajectories.thresholds import LEAST
from components.trajectories.tree import Leaf, tree_frame, tree_nodes
from tests.runs.makers import trajectory_run


def compared():
    """Return a run of 2 samplers and 2 stored tokens: one keeps the first, the other both."""
    run = trajectory_run(seeds=(0,))
    shape = (2, *run.token_ids.shape)
    probs = np.zeros((*shape, 2), np.float32)
    probs[0, ..., 0] = 1
    probs[1] = 0.5
    probs[:, run.token_ids < 0] = np.nan
    ids = run.raw_top_ids.copy()
    ids[..., 1] = (ids[..., 0] + 1) % 50
    return replace(
        run,
        raw_top_ids=ids,
        compare_probs=probs,
        compare_count=np.stack([np.ones(shape[1:]), np.full(shape[1:], 7)]).astype(np.int32),
        compare_mass=np.ones(shape, np.float32),
        compare_entropy=np.ones(shape, np.float32),
    )


def test_rows_are_named_by_sampler_and_where_needed_by_seed():
    run = trajectory_run(seeds=(4, 9))
    assert rows_of(run, 1) == [Row(0, 1), Row(1, 1)]
    assert len(rows_of(run, None)) == 4
    assert row_label(run, Row(1, 1)) == "top_p · seed 9"
    assert row_label(trajectory_run(seeds=(4,)), Row(1, 0)) == "top_p"


def test_the_grid_has_a_value_for_every_step_and_none_after_the_end():
    run = trajectory_run(seeds=(0,))
    entropy = grid_metrics(run, rows_of(run, 0), "bits")[0]
    assert entropy.values.shape == (2, 5)
    assert np.isnan(entropy.values[1, 3:]).all()
    assert entropy.values[0] == pytest.approx(run.entropy[0, 0] / math.log(2))


def test_parts_of_a_character_show_it_whole_with_their_number():
    run = trajectory_run(("greedy",), seeds=(0,))
    groups, offsets = run.groups.copy(), run.offsets.copy()
    groups[0, 0] = [0, 1, 1, 2, 3]
    offsets[0, 0, 1:3] = [1, 2]
    run = replace(run, groups=groups, offsets=offsets, texts=[["aéb"]])
    assert parts_of(run, Row(0, 0)) == ["", "1/2", "2/2"]  # it ends after three steps
    assert tokens_of(run, Row(0, 0))[1:] == ["é", "é"]


def test_colours_span_the_texts_when_asked_to():
    run = trajectory_run(seeds=(0,))
    rows = rows_of(run, 0)
    fixed = grid_metrics(run, rows, "nats")[0]
    spanning = grid_metrics(run, rows, "nats", automatic=True)[0]
    assert (fixed.low, fixed.high) == (0, 7)
    assert (spanning.low, spanning.high) == pytest.approx(
        (np.nanmin(run.entropy), np.nanmax(run.entropy))
    )


def test_bands_cover_the_seeds_that_still_run():
    run = trajectory_run(seeds=(0, 1))
    points = curve_data(run, "entropy", "nats", rows_of(run, None), over_seeds=True)
    here = points[(points["sampler"] == "top_p") & (points["token"] == 0)].iloc[0]
    both = run.entropy[1, :, 0].astype(np.float64)
    assert here["value"] == pytest.approx(both.mean())
    assert [here["low"], here["high"]] == pytest.approx(np.percentile(both, [10, 90]).tolist())
    alone = points[(points["sampler"] == "top_p") & (points["token"] == 4)].iloc[0]
    assert alone["value"] == alone["low"] == alone["high"] == pytest.approx(run.entropy[1, 0, 4])


@pytest.mark.parametrize("key", NUMBERS)
def test_every_curve_can_be_exported(key):
    run = trajectory_run()
    data = {
        "points": curve_data(run, key, "nats", rows_of(run, 0), over_seeds=False),
        "cursor": pd.DataFrame({"token": [1]}),
    }
    assert b"<svg" in render(curve_chart(run, NUMBERS[key], "nats"), data, "svg")


def test_mirostat_is_drawn_in_the_unit_shown():
    run = trajectory_run(("greedy", "mirostat_v2"), seeds=(0,))
    bits = np.where(run.token_ids >= 0, 4.0, np.nan).astype(np.float32)
    request = replace(run.request, samplers=plans(["greedy", ("mirostat_v2", {"tau": 2.0})]))
    run = replace(run, request=request, details={"mu": bits, "surprise": bits})
    rows = feedback_rows(run, rows_of(run, 0))
    assert rows == [Row(1, 0)]
    data = feedback_data(run, rows, "nats")
    assert data["points"]["mu"].tolist() == pytest.approx([4 * math.log(2)] * 3)
    assert data["targets"]["target"].tolist() == pytest.approx([2 * math.log(2)])
    data["cursor"] = pd.DataFrame({"token": [-1]})
    assert b"<svg" in render(feedback_chart(run, "nats"), data, "svg")


def test_mirostat_in_a_chain_has_its_curve_and_seeds_their_band():
    run = trajectory_run(("greedy", "mirostat_v2"))
    bits = np.where(run.token_ids >= 0, 1.0, np.nan).astype(np.float32)
    bits[:, 1] *= 3
    chain = plans(["greedy", ["top_k", ("mirostat_v2", {"tau": 2.0})]])
    details = {"1.mu": bits, "1.surprise": bits}
    run = replace(run, request=replace(run.request, samplers=chain), details=details)
    rows = feedback_rows(run, rows_of(run, None))
    assert rows == [Row(1, 0), Row(1, 1)]
    data = feedback_data(run, rows, "bits", over_seeds=True)
    first = data["points"].iloc[0]
    assert first["mu"] == pytest.approx(2)
    assert [first["low"], first["high"]] == pytest.approx([1.2, 2.8])
    assert data["points"]["text"].tolist() == ["mean of 2"] * 3 + ["mean of 1"] * 2
    assert data["targets"]["target"].tolist() == [2]
    data["cursor"] = pd.DataFrame({"token": [-1]})
    assert b"<svg" in render(feedback_chart(run, "bits"), data, "svg")


def test_the_table_has_mirostats_target_only_where_there_is_one():
    run = trajectory_run(("greedy", "mirostat_v2"), seeds=(0,))
    assert not [each for each in measures_frame(run, "bits") if "τ" in each]
    bits = np.where(run.token_ids >= 0, 4.0, np.nan).astype(np.float32)
    bits[0] = np.nan
    frame = measures_frame(replace(run, details={"surprise": bits, "error": bits - 3}), "bits")
    assert frame["target τ (bits)"].tolist() == pytest.approx([np.nan, 3], nan_ok=True)
    assert frame["surprise − τ (bits)"].tolist() == pytest.approx([np.nan, 1], nan_ok=True)


def test_a_step_shows_what_each_sampler_keeps_of_the_same_distribution():
    run = compared()
    data = step_data(run, Place(Row(0, 0), 0))
    kept = data["brackets"].groupby("sampler", sort=False)["label"].count().to_dict()
    assert kept == {"greedy": 1, "top_p": 2}
    assert data["more"][["sampler", "beyond"]].to_numpy().tolist() == [["top_p", "5"]]
    assert data["bars"]["raw"].sum() == pytest.approx(100, abs=1e-3)
    assert data["bars"]["kind"].tolist() == ["drawn", "listed", "all others"]
    assert b"<svg" in render(step_chart(run, data), data, "svg")


@pytest.mark.parametrize(("label", "columns"), [("Top-k 50", 2), ("Top-k 50 → Top-p 0.8", 1)])
def test_long_names_stand_below_each_other_in_the_legend_of_a_step(label, columns):
    run = replace(trajectory_run(), labels=["Greedy", label])
    data = step_data(run, Place(Row(0, 0), 2))
    layers = step_chart(run, data).to_dict()["layer"]
    legends = [
        layer["encoding"]["fill"]["legend"] for layer in layers if "fill" in layer["encoding"]
    ]
    assert {legend["columns"] for legend in legends} == {columns}


def test_a_drawn_token_outside_the_stored_ones_is_listed_with_its_rank():
    run = compared()
    ids, rank = run.token_ids.copy(), run.rank.copy()
    ids[0, 0, 0] = (run.raw_top_ids[0, 0, 0, 1] + 5) % 50
    rank[0, 0, 0] = 17
    bars = step_data(replace(run, token_ids=ids, rank=rank), Place(Row(0, 0), 0))["bars"]
    drawn = bars[bars["kind"] == "drawn"].iloc[0]
    assert drawn["rank"] == 17
    assert drawn["raw"] == pytest.approx(100 * math.exp(-run.surprisal[0, 0, 0]))


def test_a_threshold_is_drawn_only_where_it_is_one_on_the_models_probability():
    run = compared()
    floor = np.where(run.token_ids >= 0, 0.02, np.nan).astype(np.float32)
    run = replace(run, details={"floor": floor})
    place = Place(Row(1, 0), 0)
    assert step_data(run, place)["thresholds"]["percent"].tolist() == pytest.approx([2.0])


CUTS = {
    # rule, its details, percent of the model's own probability
    "min-p, hot": (("min_p", {"min_p": 0.2, "temperature": 2.0}), {"floor": 0.1}, [2.0]),
    "min-p, heated last": (
        ("min_p", {"temperature": 2.0, "temperature_order": "last"}), {"floor": 0.03}, [3.0],
    ),
    "σ of logits over T": (("top_n_sigma", {"T": 2.0}), {"depth": 1.0}, [50 * math.exp(-2)]),
    "epsilon": ("epsilon", {"floor": 0.01}, [1.0]),
    "mirostat 2": ("mirostat_v2", {"mu": 3.0}, [12.5]),
    "mirostat 1 cuts by rank": ("mirostat_v1", {"mu": 3.0}, [50.0]),
    "top-k": ("top_k", {}, [50.0]),
    "top-p": ("top_p", {}, [50.0]),
    "epsilon, hot": (("epsilon", {"temperature": 2.0}), {"floor": 0.01}, [50.0]),
    "a chain": (["top_k", "epsilon"], {"1.floor": 0.01}, [50.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", CUTS)
def test_every_cut_is_a_line_on_the_models_own_probability(name):
    rule, details, percent = CUTS[name]
    run = compared()
    request = replace(run.request, samplers=plans(["greedy", rule]))
    done = run.token_ids >= 0
    told = {key: np.where(done, value, np.nan).astype(np.float32) for key, value in details.items()}
    count = np.where(done, 2, 0).astype(np.int32)
    run = replace(run, request=request, details=told, kept_count=count)
    lines = step_data(run, Place(Row(1, 0), 0))["thresholds"]
    assert lines["percent"].tolist() == pytest.approx(percent, rel=1e-5)
    assert (lines["name"] == LEAST).all() == (percent == [50.0])


def test_no_cut_is_drawn_where_more_is_kept_than_is_listed():
    run = replace(compared(), details={})
    assert int(run.kept_count[1, 0, 0]) > run.raw_top_ids.shape[-1]
    assert step_data(run, Place(Row(1, 0), 0))["thresholds"].empty


def test_the_tree_draws_common_beginnings_once():
    leaves = [
        Leaf("one", (1, 2, 3), ("The", " cat", " sat")),
        Leaf("two", (1, 2, 4), ("The", " cat", " ran"), branch=True),
        Leaf("three", (1, 2, 3), ("The", " cat", " sat")),
    ]
    root = tree_nodes(leaves, "Prompt")
    (shared,) = root["children"]
    assert shared["name"] == "0  The cat"
    assert [each["name"] for each in shared["children"]] == ["2  sat", "2  ran"]
    ends = [each["children"][0]["name"] for each in shared["children"]]
    assert ends == ["one, three", "two"]


def test_a_text_that_ends_where_another_goes_on_has_its_own_end():
    root = tree_nodes([Leaf("short", (1,), ("a",)), Leaf("long", (1, 2), ("a", "b"))], "")
    assert [each["name"] for each in root["children"][0]["children"]] == ["short", "1  b"]


def test_the_table_of_the_tree_says_where_each_text_leaves_the_others():
    leaves = [
        Leaf("one", (1, 2, 3), ("The", " cat", " sat")),
        Leaf("two", (1, 2, 4, 5), ("The", " cat", " ran", "."), branch=True),
    ]
    frame = tree_frame(leaves)
    assert frame["forks_at"].tolist() == [2, 2]
    assert frame["kind"].tolist() == ["sampler", "branch"]
    assert tree_frame([leaves[0], leaves[0]])["forks_at"].isna().all()


def test_all_seeds_are_shown_while_they_are_written(monkeypatch):
    so_far = SimpleNamespace(labels=["greedy"], texts=[["one", "x" * 900]], running=[[False, True]])
    drawn: list[str] = []
    monkeypatch.setattr("components.trajectories.live.st.html", drawn.append)
    live_texts(so_far)
    assert "one" in drawn[0]
    assert f"…{'x' * 200}<i>" in drawn[0]  # two seeds share the 400 characters
    assert drawn[0].count("greedy") == 1


def test_live_texts_are_escaped(monkeypatch):
    so_far = SimpleNamespace(
        labels=["<b>greedy</b>"], texts=[["<img src=x onerror=alert(1)>"]], running=[[True]]
    )
    drawn: list[str] = []
    monkeypatch.setattr("components.trajectories.live.st.html", drawn.append)
    live_texts(so_far)
    assert "&lt;img src=x" in drawn[0]
    assert "<img" not in drawn[0]
    assert "<b>greedy" not in drawn[0]


def test_dropped_tokens_have_an_empty_cell():
    kept = Filtered(np.array([True, False]), np.array([1.0, 0.0]), 0.7, 0.0, 0.36)
    data = survive_data(["a", "b"], np.array([0.7, 0.3]), ["Greedy"], [kept])
    assert data["cells"]["text"].tolist() == ["70.0", "30.0", "100.0", ""]
    picture = render(survive_chart(1), data, "svg")
    assert b"probability (%)" in picture  # the legend of the colours


def test_the_tangent_has_the_slope_of_the_curve():
    shares = np.array([0.6, 0.3, 0.1])
    grid = np.array([0.5, 1.0, 1.5])
    data = sweep_data(shares, ["x"], np.ones((1, 3)), grid, 1.0, "nats", entropy=True)
    line = data["tangent"]
    slope = (line["value"].iloc[2] - line["value"].iloc[0]) / 0.9
    surprisal = -np.log(shares)
    varentropy = shares @ (surprisal - shares @ surprisal) ** 2
    assert slope == pytest.approx(varentropy)  # dH/dT = V/T, and T is 1
    assert line["value"].iloc[1] == pytest.approx(shares @ surprisal)
    assert b"<svg" in render(sweep_chart(["x"], "Entropy (nats)"), data, "svg")
