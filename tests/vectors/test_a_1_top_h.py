"""Top-H keeps what each of its three rules keeps (vectors of A § 1)."""

from __future__ import annotations

import pytest
import torch

from backend import samplers
from backend.measures.distribution import entropy
from backend.samplers.base import Distribution
from tests.samplers.helpers import apply, kept_ids, zipf
from tests.vectors.reading import EXACT, block, cases, log_probs

BLOCK = block("a", "1_top_h")
RULES = {
    "paper_keep": "paper",
    "author_code_keep": "author",
    "transformers_5_23_keep": "transformers",
}
small = pytest.mark.parametrize("case", cases(BLOCK["small"]))


def step_of(case, rule):
    return apply(samplers.make("top_h", alpha=case["alpha"], rule=rule), log_probs(case["p"]))


def prefix(probs, count):
    """Return the first ``count`` tokens as a distribution by themselves."""
    kept = torch.arange(len(probs))[None] < count
    return Distribution(log_probs(probs)).only(kept)


@small
@pytest.mark.parametrize("key", RULES)
def test_each_rule_keeps_its_tokens(key, case):
    assert kept_ids(step_of(case, RULES[key])) == case[key]


@small
def test_the_entropy_is_that_of_the_distribution(case):
    assert entropy(log_probs(case["p"])).item() == pytest.approx(case["H_nats"], abs=1e-6)
    assert Distribution(log_probs(case["p"])).entropy.item() == pytest.approx(
        case["H_nats"], abs=EXACT
    )


@small
def test_the_budget_is_a_share_of_the_entropy(case):
    assert step_of(case, "paper").details["budget"].item() == pytest.approx(
        case["budget"], abs=EXACT
    )


@small
def test_prefixes_hold_their_mass_and_their_entropy(case):
    probs = sorted(case["p"], reverse=True)
    for count, (mass, expected) in enumerate(case["prefix_mass_and_H"], 1):
        assert sum(probs[:count]) == pytest.approx(mass, abs=EXACT)
        assert prefix(probs, count).entropy.item() == pytest.approx(expected, abs=EXACT)


@small
def test_what_is_used_of_the_budget_is_the_entropy_of_the_prefix(case):
    step = step_of(case, "paper")
    assert step.details["used"].item() == pytest.approx(step.drawn.entropy.item(), abs=EXACT)
    assert step.details["used"].item() <= case["budget"] + EXACT


@small
def test_what_the_authors_code_draws_from_has_this_entropy(case):
    found = step_of(case, "author").drawn.entropy.item()
    assert found == pytest.approx(case["renorm_H_of_author_keep"], abs=EXACT)


@small
def test_no_set_within_the_budget_holds_more_than_the_optimum(case):
    probs = torch.tensor(case["p"], dtype=torch.float64)
    numbers = torch.arange(1, 2 ** len(probs))[:, None]
    sets = (numbers >> torch.arange(len(probs))) % 2 == 1
    entropies = Distribution(log_probs(case["p"])).only(sets).entropy
    masses = (sets * probs).sum(-1)
    best = masses[entropies <= case["budget"] + EXACT].max().item()
    assert best == pytest.approx(case["bruteforce_mass"], abs=EXACT)
    optimum = sum(case["p"][each] for each in case["bruteforce_ecmm_optimum"])
    assert optimum == pytest.approx(best, abs=EXACT)
    assert sum(case["p"][each] for each in kept_ids(step_of(case, "paper"))) <= best + EXACT


@pytest.mark.parametrize(("rule", "count"), [("paper", 31), ("author", 17), ("transformers", 18)])
def test_on_a_heavy_tail_the_rules_part(rule, count):
    # Vector (c) of the text: p_i ∝ (i + 2.7)^−1.1, V = 5,000, α = .5.
    step = step_of({"p": zipf(5000, 1.1, 2.7), "alpha": 0.5}, rule)
    assert int(step.kept.sum()) == count


# Where the published codes fail, or do what the files note.
EDGES = {
    "author_vocab_lt_100": ("author", [0.5, 0.3, 0.2], 0.5),
    "author_alpha_1": ("author", [0.5, 0.3, 0.2], 1.0),
    "author_one_hot_float64_or_float32": ("author", [1.0, 0.0, 0.0], 0.4),
    "transformers_one_hot": ("transformers", [1.0, 0.0, 0.0], 0.4),
}


@pytest.mark.parametrize("edge", BLOCK["edge"])
def test_where_the_published_codes_fail_there_is_still_a_token_to_draw(edge):
    rule, probs, alpha = EDGES[edge]
    step = step_of({"p": probs, "alpha": alpha}, rule)
    assert kept_ids(step)[0] == 0
    assert step.probs.sum().item() == pytest.approx(1)
    if "one_hot" in edge:
        assert kept_ids(step) == [0]
