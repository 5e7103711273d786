"""Rows of yes and no against a fair coin without memory."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backend.derived import binary
from tests.vectors.reading import EXACT, block, cases

VECTORS = [
    *block("b", "13_binary_bias")["vectors"],
    *(each for each in block("d", "12_order")["cases"] if "bits" in each),
]


@pytest.mark.parametrize("case", cases(VECTORS))
def test_every_case(case):
    row = np.array(case.get("seq", case.get("bits")))
    pairs, bits = binary.pairs(row[None]), math.log(2)
    expected, variance, z, p = binary.runs_test(row)
    ended, seen = binary.switches(row[None])
    known = np.flatnonzero(seen)
    found = {
        "n": len(row),
        "ones": int(row.sum()),
        "p_hat": row.mean(),
        "share": row.mean(),
        "z_vs_half": binary.share_test(row)[0],
        "p_two_sided": binary.share_test(row)[1],
        "runs": len(binary.run_lengths(row)),
        "expected_runs": expected,
        "var_runs": variance,
        "z_runs": z,
        "p_runs": p,
        "transition_counts": pairs.counts.tolist(),
        "transition": pairs.counts.tolist(),
        "transition_probs": pairs.probabilities.tolist(),
        "alternation_rate": pairs.alternation,
        "alternation": pairs.alternation,
        "P_switch_given_run_length": {
            str(at + 1): [ended[at], seen[at], ended[at] / seen[at]] for at in known.tolist()
        },
        "G2_independence": pairs.g2[0],
        "p_G2": pairs.g2[1],
        "lag1_phi": pairs.phi,
        "H_marginal_bits": binary.marginal_entropy(row) / bits,
        "H_bits": binary.marginal_entropy(row) / bits,
        "H_conditional_bits": pairs.conditional_entropy / bits,
        "entropy_rate_bits": pairs.conditional_entropy / bits,
        "mutual_information_bits_lag1": pairs.mutual_information / bits,
        "mutual_information_bits": pairs.mutual_information / bits,
    }
    wanted = {name: value for name, value in case.items() if name not in ("name", "seq", "bits")}
    assert wanted.keys() <= found.keys()
    for name, value in wanted.items():
        if isinstance(value, dict):
            assert found[name].keys() == value.keys()
            value = [each for row in value.values() for each in row]
            own = [each for row in found[name].values() for each in row]
        else:
            own = found[name]
        np.testing.assert_allclose(own, value, atol=EXACT, err_msg=name)


def test_rows_that_never_change_have_no_test_of_runs():
    row = np.ones(20, int)
    expected, variance, z, p = binary.runs_test(row)
    assert (expected, variance) == (1, 0)
    assert math.isnan(z)
    assert math.isnan(p)
    assert math.isnan(binary.pairs(row[None]).phi)


def test_pairs_and_runs_do_not_cross_from_one_row_to_the_next():
    rows = np.array([[1, 1], [0, 0]])
    assert binary.pairs(rows).alternation == 0
    assert binary.switches(rows)[0].sum() == 0
