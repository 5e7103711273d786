"""Nested exits as drafts (vectors of D § 9)."""

from __future__ import annotations

import pytest
import torch

from backend.measures.speculative import (
    acceptance,
    first_exit,
    output,
    overlap,
    pinsker_bound,
    point_mass_output,
    residual,
    soft_test_output,
    speed_up,
    tokens_a_pass,
    total_variation,
)
from tests.vectors.reading import EXACT, block, cases, doubles

CASES = block("d", "9_early_exit")["cases"]


def _with(name):
    return pytest.mark.parametrize("case", cases([each for each in CASES if name in each]))


@_with("draft")
def test_a_draft_of_any_exit_leaves_the_target_as_it_is(case):
    p, q = doubles(case["target"]), doubles(case["draft"])
    assert float(overlap(p, q)) == pytest.approx(case["alpha"], abs=EXACT)
    assert acceptance(p, q).tolist() == pytest.approx(case["accept"], abs=EXACT)
    assert output(p, q).tolist() == pytest.approx(case["output"], abs=EXACT)
    assert float((output(p, q) - p).abs().max()) <= case["max_abs_error"] + EXACT
    # Where nothing is ever rejected there is no residual: ours is the target then.
    rest = case["residual"] or case["target"]
    assert residual(p, q).tolist() == pytest.approx(rest, abs=EXACT)
    kl = (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum().clamp(min=0)
    assert float(pinsker_bound(kl)) == pytest.approx(case["pinsker_lower"], abs=1e-7)
    assert bool(p.argmax() == q.argmax()) == case["greedy_match"]


@_with("argmax_draft")
def test_a_draft_that_was_not_drawn_must_not_be_tested_as_if_it_were(case):
    p, q, of = doubles(case["target"]), doubles(case["draft"]), case["argmax_draft"]
    soft = soft_test_output(p, q)
    assert int(q.argmax()) == of["token"]
    assert soft.tolist() == pytest.approx(of["output_with_soft_q_in_the_test"], abs=EXACT)
    assert float(total_variation(soft, p)) == pytest.approx(
        of["total_variation_from_target"], abs=EXACT
    )
    point = point_mass_output(p, q)
    assert point.tolist() == pytest.approx(of["output_with_point_mass_q"], abs=EXACT)
    assert float(p[of["token"]]) == pytest.approx(of["alpha_point_mass"], abs=EXACT)


@_with("tokens_per_target_pass")
def test_tokens_a_pass_and_their_cost(case):
    alpha, drafted = doubles(case["alpha"]), case["gamma"]
    assert float(tokens_a_pass(alpha, drafted)) == pytest.approx(
        case["tokens_per_target_pass"], abs=EXACT
    )
    found = float(speed_up(alpha, drafted, case["cost_ratio"]))
    assert found == pytest.approx(case["speedup"], abs=EXACT)


@_with("exit_probs")
def test_the_cascade_leaves_at_the_first_confident_exit(case):
    probs = doubles(case["exit_probs"])
    taken = int(first_exit(probs.amax(-1), doubles(case["thresholds"])))
    own = probs[taken]
    assert (taken, case["layers"][taken]) == (case["exit"], case["layer"])
    assert int(own.argmax()) == case["token"]
    assert float(own.max()) == pytest.approx(case["confidence"], abs=EXACT)
    assert float(-(own * own.log()).sum()) == pytest.approx(case["entropy"], abs=EXACT)
    saved = 1 - case["layers"][taken] / case["layers"][-1]
    assert saved == pytest.approx(case["layers_saved_share"], abs=EXACT)


@_with("alpha_per_exit")
def test_exits_are_averaged_by_their_share(case):
    mean = (doubles(case["alpha_per_exit"]) * doubles(case["share"])).sum()
    assert float(mean) == pytest.approx(case["mean_alpha"], abs=EXACT)
    assert float(tokens_a_pass(mean, case["gamma"])) == pytest.approx(case["tokens_iid"], abs=EXACT)
