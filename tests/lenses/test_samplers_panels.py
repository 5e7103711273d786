"""What the browser is given of trajectories: rows, steps, cuts, feedback, measures."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backend.derived import number
from backend.derived.trajectory_steps import LEAST, MOST, cuts, own_numbers
from backend.derived.trajectory_texts import pieces, reference_sampler
from backend.errors import InputError
from backend.lenses import LENSES
from backend.lenses.panels.along import means_of
from backend.lenses.panels.trajectories.rows import NUMBERS
from backend.lenses.panels.trajectories.step import BLOCK, LISTED
from backend.runs.trajectories import Origin, TrajectoryRun, plans
from backend.storage.files import load_run, save_run
from tests.runs.makers import trajectory_run

LENS = LENSES["trajectories"]


def unpack(data: bytes) -> dict[str, Any]:
    """Return header and arrays of a parcel."""
    size = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + size])
    arrays = {
        name: np.frombuffer(
            data, np.dtype(each["type"]), each["length"], 4 + size + each["start"]
        ).reshape(each["shape"])
        for name, each in header.pop("arrays").items()
    }
    return {**header, **arrays}


def rows(run: TrajectoryRun) -> dict[str, Any]:
    panel = LENS.panel("samplers")
    assert panel is not None
    return unpack(panel.parcel(run))


def steps(run: TrajectoryRun, **asked: int) -> dict[str, Any]:
    panel = LENS.panel("step")
    assert panel is not None
    return unpack(panel.parcel(run, {name: str(value) for name, value in asked.items()}))


def compared() -> TrajectoryRun:
    """Return a run of 2 samplers and 2 stored tokens: one keeps the first, the other both."""
    run = trajectory_run(seeds=(0,))
    shape = (2, *run.token_ids.shape)
    probs = np.zeros((*shape, 2), np.float32)
    probs[0, ..., 0] = 1
    probs[1] = 0.5
    probs[:, run.token_ids < 0] = np.nan
    ids = run.raw_top_ids.copy()
    ids[..., 1] = np.where(run.token_ids < 0, -1, (ids[..., 0] + 1) % 50)
    return replace(
        run,
        raw_top_ids=ids,
        compare_probs=probs,
        compare_count=np.stack([np.ones(shape[1:]), np.full(shape[1:], 7)]).astype(np.int32),
        compare_mass=np.where(run.token_ids < 0, np.nan, np.ones(shape)).astype(np.float32),
        compare_entropy=np.ones(shape, np.float32),
    )


def empty(run: TrajectoryRun) -> TrajectoryRun:
    """Return a run that was stopped before its first step."""
    gone = np.full_like(run.token_ids, -1)
    return replace(
        run, lengths=np.zeros_like(run.lengths), token_ids=gone, stopped=True,
        endings=[["stopped"] * len(each) for each in run.endings],
    )  # fmt: skip


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


def test_every_token_and_number_of_every_row_is_sent_once():
    run = trajectory_run(seeds=(4, 9))
    found = rows(run)
    done = np.arange(found["steps"]) < run.lengths[:, :, None]
    texts = np.array(found["vocabulary"])[found["tokens"]]
    assert texts[done].tolist() == [run.token(each) for each in run.token_ids[done]]
    assert found["ids"][found["tokens"]][done].tolist() == run.token_ids[done].tolist()
    for name in NUMBERS:
        np.testing.assert_allclose(found[name][done], number(run, name).values[done], rtol=1e-6)
    assert [each["name"] for each in found["numbers"]] == list(NUMBERS)


def test_there_is_no_number_after_the_end_of_a_text():
    found = rows(trajectory_run(seeds=(0,)))  # the second sampler ends after 3 steps
    assert found["lengths"].tolist() == [[5], [3]]
    for name in NUMBERS:
        assert np.isnan(found[name][1, 0, 3:]).all()
        assert np.isfinite(found[name][1, 0, :3]).all()


def test_no_steps_are_sent_that_nobody_took():
    run = trajectory_run(seeds=(0,))
    short = replace(run, lengths=np.array([[2], [1]], np.int32), stopped=True)
    found = rows(short)
    assert found["steps"] == 2
    assert found["stopped"]
    assert found["tokens"].shape == (2, 1, 2)


def test_a_run_that_was_stopped_before_its_first_step_has_rows_without_tokens():
    found = rows(empty(trajectory_run()))
    assert found["steps"] == 0
    assert found["vocabulary"] == []
    assert found["tokens"].shape == (2, 2, 0)
    assert steps(empty(trajectory_run()), row=1)["tokens"].shape == (0, 3)


def test_one_step_is_enough():
    run = trajectory_run(seeds=(0,))
    found = rows(replace(run, lengths=np.ones_like(run.lengths)))
    assert found["steps"] == 1
    assert np.isfinite(found["entropy"]).all()


def test_parts_of_a_character_show_it_whole_with_their_number():
    run = trajectory_run(("greedy",), seeds=(0,))
    groups, offsets = run.groups.copy(), run.offsets.copy()
    groups[0, 0] = [0, 1, 1, 2, 3]
    offsets[0, 0, 1:3] = [1, 2]
    run = replace(run, groups=groups, offsets=offsets, texts=[["aéb"]])
    found = pieces(run, 0, 0)  # it ends after three steps
    assert {step: (each.text, each.part) for step, each in found.items()} == {
        1: ("é", "1/2"),
        2: ("é", "2/2"),
    }
    assert rows(run)["pieces"] == [[0, 1, "é", "1/2"], [0, 2, "é", "2/2"]]


def test_a_branch_says_where_it_left_and_what_it_shares():
    run = trajectory_run(("greedy",), seeds=(0,))
    origin = Origin("0" * 16, 1, 0, 2)
    request = replace(run.request, prefix_ids=(3, 7), origin=origin)
    found = rows(replace(run, request=request))
    assert found["prefix"] == ["t3", "t7"]
    assert found["origin"] == {"run": "0" * 16, "sampler": 1, "seed": 0, "step": 2}
    assert found["key"] == request.key


def test_rows_are_compared_with_greedy_until_another_is_chosen():
    assert reference_sampler(trajectory_run(("top_p", "greedy"))) == 1
    assert reference_sampler(trajectory_run(("top_p", "top_k"))) == 0


def test_the_largest_run_there_can_be_stays_far_below_twenty_megabytes():
    run = trajectory_run(tuple(f"s{each}" for each in range(12)), seeds=tuple(range(8)))
    times = 1024 // 5 + 1

    def long(values: np.ndarray) -> np.ndarray:
        return np.tile(values, (1, 1, times) + (1,) * (values.ndim - 3))[:, :, :1024]

    arrays = {
        name: long(getattr(run, name))
        for name in (
            *("token_ids", "offsets", "entropy", "varentropy", "surprisal", "rank", "kept_count"),
            *("kept_mass", "final_entropy", "kl", "drawn_probability", "raw_top_ids"),
            *("raw_top_logprobs", "final_top_ids", "final_top_probs"),
        )
    }
    arrays["token_ids"] = np.abs(arrays["token_ids"])
    groups = np.broadcast_to(np.arange(1024, dtype=np.int32), (12, 8, 1024)).copy()
    big = replace(
        run, **arrays, groups=groups, lengths=np.full((12, 8), 1024, np.int32),
        request=replace(run.request, steps=1024), step_seconds=np.zeros(1024, np.float32),
        details={}, vocabulary={str(each): f"t{each}" for each in range(50)},
    )  # fmt: skip
    panel = LENS.panel("samplers")
    assert panel is not None
    assert len(panel.parcel(big)) < 5_000_000


def test_samplers_are_as_they_were_asked_for():
    run = trajectory_run()
    chain = plans([["top_k", ("top_p", {"p": 0.8})], "greedy"])
    found = rows(replace(run, request=replace(run.request, samplers=chain)))
    assert found["samplers"][0] == [
        {"name": "top_k", "parameters": {}},
        {"name": "top_p", "parameters": {"p": 0.8}},
    ]


# ── one step ─────────────────────────────────────────────────────────────────────────────────────


def test_a_step_shows_what_each_sampler_keeps_of_the_same_distribution():
    found = steps(compared(), row=0)
    assert (found["probs"][0] > 0).sum(1).tolist() == [1, 2]
    assert found["count"][0].tolist() == [1, 7]
    assert np.nansum(found["raw"][0]) == pytest.approx(1, abs=1e-5)
    assert found["came"][0] == 0
    assert found["compared"]


def test_a_run_made_without_the_comparison_knows_of_its_own_row_only():
    run = trajectory_run(seeds=(0,))
    found = steps(run, row=1)
    assert not found["compared"]
    assert np.isnan(found["probs"][:, 0]).all()
    assert found["count"][:, 1].tolist() == run.kept_count[1, 0, :3].tolist()
    np.testing.assert_allclose(found["mass"][:, 1], run.kept_mass[1, 0, :3])
    np.testing.assert_allclose(found["after"][:, 1], run.final_entropy[1, 0, :3])


def test_a_drawn_token_outside_the_stored_ones_is_listed_last():
    run = compared()
    ids, rank = run.token_ids.copy(), run.rank.copy()
    ids[0, 0, 0] = (run.raw_top_ids[0, 0, 0, 1] + 5) % 50
    rank[0, 0, 0] = 17
    found = steps(replace(run, token_ids=ids, rank=rank), row=0)
    last = found["listed_of"]
    assert found["came"][0] == last
    assert found["rank"][0] == 17
    assert found["raw"][0, last] == pytest.approx(math.exp(-run.surprisal[0, 0, 0]))
    assert found["vocabulary"][found["tokens"][0, last]] == run.token(ids[0, 0, 0])
    assert np.isnan(found["raw"][1, last])  # the next one is among those listed


def test_steps_come_in_blocks():
    run = trajectory_run(seeds=(0,))
    assert steps(run, row=0)["from"] == 0
    assert len(steps(run, row=0)["tokens"]) == 5
    later = steps(run, row=0, **{"from": BLOCK - 1 if run.request.steps >= BLOCK else 3})
    assert later["from"] == 0


def test_at_most_twenty_tokens_are_listed():
    run = trajectory_run(("greedy",), seeds=(0,))
    shape = (*run.token_ids.shape, 30)
    done = run.token_ids[..., None] >= 0
    ids = np.where(done, np.arange(30), -1).astype(np.int32)
    shares = np.where(done, np.full(30, 1 / 40), np.nan).astype(np.float32)
    wide = replace(
        run, raw_top_ids=ids, raw_top_logprobs=np.log(shares), final_top_ids=ids,
        final_top_probs=np.broadcast_to(shares, shape).copy(),
    )  # fmt: skip
    assert steps(wide, row=0)["probs"].shape[-1] == LISTED == steps(wide, row=0)["listed_of"]


@pytest.mark.parametrize("asked", [{"row": 9}, {"row": -1}, {"rows": 1}, {"from": 10**9}])
def test_a_row_that_is_not_there_is_refused_in_one_line(asked):
    with pytest.raises(InputError) as refused:
        steps(trajectory_run(), **asked)
    assert "\n" not in str(refused.value)


def test_a_samplers_own_numbers_are_in_nats_whatever_it_counts_in():
    run = trajectory_run(("greedy", "mirostat_v2"), seeds=(0,))
    bits = np.where(run.token_ids >= 0, 4.0, np.nan).astype(np.float32)
    labels = {
        "mu": "μ [bits]",
        "budget": "Entropy budget α·H [nats]",
        "floor": "Floor [probability]",
    }
    run = replace(run, details=dict.fromkeys(labels, bits), detail_labels=labels)
    found = {name: (quantity, values) for name, quantity, values in own_numbers(run, 1, 0)}
    assert found["mu"][0].unit == "nats"
    assert found["mu"][1][0] == pytest.approx(4 * math.log(2))
    assert found["budget"][1][0] == 4
    assert found["floor"][0].unit == "%"
    told = steps(run, row=1)
    assert {each["name"] for each in told["own"]} == set(labels)
    assert told["own:mu"][0] == pytest.approx(4 * math.log(2))


def test_details_of_older_runs_have_a_name_though_no_unit():
    run = trajectory_run(("greedy",), seeds=(0,))
    (name, quantity, _), *_ = own_numbers(run, 0, 0)
    assert (name, quantity.name, quantity.unit) == ("budget", "budget", "")


# ── cuts ─────────────────────────────────────────────────────────────────────────────────────────

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
    found = cuts(run, (1, 0, 0))
    assert [100 * share for _, share in found] == pytest.approx(percent, rel=1e-5)
    assert all(each == LEAST for each, _ in found) == (percent == [50.0])
    assert [share for _, share in steps(run, row=1)["cuts"][0]] == [share for _, share in found]


def test_no_cut_is_drawn_where_more_is_kept_than_is_stored():
    run = replace(compared(), details={})
    assert int(run.kept_count[1, 0, 0]) > run.raw_top_ids.shape[-1]
    assert cuts(run, (1, 0, 0)) == []


def test_a_sampler_that_drops_the_likeliest_token_has_an_upper_cut_too():
    run = compared()
    probs = run.compare_probs.copy()
    probs[1, ..., 0] = 0
    count = np.where(run.token_ids >= 0, 1, 0).astype(np.int32)
    ids = run.token_ids.copy()
    ids[1, 0, 0] = run.raw_top_ids[1, 0, 0, 1]
    final = np.where(run.raw_top_ids >= 0, run.raw_top_ids, -1)
    run = replace(
        run, compare_probs=probs, kept_count=count, details={}, token_ids=ids, final_top_ids=final
    )
    assert [name for name, _ in cuts(run, (1, 0, 0))] == [LEAST, MOST]


# ── pictures beside the rows ─────────────────────────────────────────────────────────────────────


def test_bands_cover_the_seeds_that_still_run():
    run = trajectory_run(seeds=(0, 1))
    found = means_of(run, number(run, "entropy"), "N", "M")[1]
    both = run.entropy[1, :, 0].astype(np.float64)
    assert found.values[0] == pytest.approx(both.mean())
    assert [found.low[0], found.high[0]] == pytest.approx(np.percentile(both, [10, 90]).tolist())
    alone = run.entropy[1, 0, 4]
    assert found.values[4] == found.low[4] == found.high[4] == pytest.approx(alone)


def test_mirostat_is_drawn_in_nats_with_its_target():
    run = trajectory_run(("greedy", "mirostat_v2"), seeds=(0,))
    bits = np.where(run.token_ids >= 0, 4.0, np.nan).astype(np.float32)
    request = replace(run.request, samplers=plans(["greedy", ("mirostat_v2", {"tau": 2.0})]))
    run = replace(run, request=request, details={"mu": bits, "surprise": bits})
    panel = LENS.panel("feedback")
    assert panel is not None
    points = chart_points(panel.chart(run, "nats"))
    of = {each: [row["value"] for row in points if row["line"].endswith(each)] for each in "μτ"}
    assert [each for each in of["μ"] if each is not None] == pytest.approx([4 * math.log(2)] * 3)
    assert of["τ"] == pytest.approx([2 * math.log(2)] * len(of["τ"]), rel=1e-6)


def test_mirostat_in_a_chain_has_its_curve_and_seeds_their_band():
    run = trajectory_run(("greedy", "mirostat_v2"))
    bits = np.where(run.token_ids >= 0, 1.0, np.nan).astype(np.float32)
    bits[:, 1] *= 3
    chain = plans(["greedy", ["top_k", ("mirostat_v2", {"tau": 2.0})]])
    details = {"1.mu": bits, "1.surprise": bits}
    run = replace(run, request=replace(run.request, samplers=chain), details=details)
    found = means_of(run, number(run, "mu"), "N", "M")[1]
    assert found.values[0] == pytest.approx(2 * math.log(2))
    assert [found.low[0], found.high[0]] == pytest.approx([1.2 * math.log(2), 2.8 * math.log(2)])
    panel = LENS.panel("feedback")
    assert panel is not None
    lines = {row["line"] for row in chart_points(panel.chart(run, "nats"))}
    assert lines == {"mirostat_v2: μ", "mirostat_v2: surprise", "mirostat_v2: τ"}


def test_a_run_without_a_sampler_that_steers_has_no_picture_of_it():
    panel = LENS.panel("feedback")
    assert panel is not None
    assert panel.chart(trajectory_run(), "nats") is None


def test_mirostats_target_is_measured_only_where_there_is_one():
    run = trajectory_run(("greedy", "mirostat_v2"), seeds=(0,))
    assert np.isnan(number(run, "target").values).all()
    bits = np.where(run.token_ids >= 0, 4.0, np.nan).astype(np.float32)
    bits[0] = np.nan
    run = replace(run, details={"surprise": bits, "error": bits - 3})
    assert number(run, "target").values[:, 0] == pytest.approx(
        [np.nan, 3 * math.log(2)], nan_ok=True
    )
    assert number(run, "target_error").values[:, 0] == pytest.approx(
        [np.nan, math.log(2)], nan_ok=True
    )


def chart_points(spec: Any) -> list[dict[str, Any]]:
    return spec["datasets"]["points"]


def test_what_a_sampler_told_is_the_same_after_a_file(tmp_path):
    run = trajectory_run(("greedy",), seeds=(0,))
    run = replace(run, detail_labels={"budget": "Entropy budget α·H [nats]"})
    save_run(run, tmp_path / "run.safetensors")
    again = load_run(tmp_path / "run.safetensors")
    assert isinstance(again, TrajectoryRun)
    assert again.detail_quantity("budget", 0).name == "Entropy budget α·H"
    assert again.detail_quantity("budget", 0).unit == "nats"


def test_the_picture_of_variety_spans_the_texts_there_are():
    run = trajectory_run(seeds=(0, 1))
    panel = LENS.panel("against_perplexity_distinct_2")
    assert panel is not None
    spec = panel.chart(run, "nats")
    pairs = number(run, "distinct_2").values
    axis = next(layer for layer in spec["layer"] if "y" in layer["encoding"])["encoding"]["y"]
    low, high = (float(each["expr"]) for each in axis["scale"]["domain"])
    assert low < np.nanmin(pairs) <= np.nanmax(pairs) < high
    assert high - low < 1.5 * (np.nanmax(pairs) - np.nanmin(pairs)) + 0.05
    assert {row["row"] for row in chart_points(spec)} == {0, 1, 2, 3}


def test_a_line_of_the_measures_leads_to_its_row():
    panel = LENS.panel("table_texts")
    assert panel is not None
    found = unpack(panel.parcel(trajectory_run(seeds=(4, 9))))
    assert found["act"] == {"state": "row", "of": "row"}
    assert found["row"].tolist() == [0, 1, 2, 3]
