"""What sentences take from a document: information, leaving out, shares and what is said twice."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backend.derived.summaries import attribution_entropy, shares, taking
from tests.vectors.reading import block, cases

BLOCK = block("d", "4_lexsum")


@pytest.mark.parametrize("case", cases(BLOCK["cases"]))
def test_every_document(case):
    bounds = case["sentence_bounds"]
    sentence_of = np.full(len(case["surprisal_none"]), -1)
    for number, (start, end) in enumerate(bounds):
        sentence_of[start:end] = number
    left_out = np.array(case["surprisal_leave_one_out"])
    alone, with_source = (np.array(case[f"surprisal_{each}"]) for each in ("none", "doc"))
    of = taking(alone, with_source, left_out, sentence_of, len(bounds))
    bits = math.log(2)
    found = {
        "bits_none": of.alone / bits,
        "bits_doc": of.with_source / bits,
        "information_bits": of.taken / bits,
        "total_bits": of.taken.sum() / bits,
        "bits_per_token": of.taken.sum() / of.tokens.sum() / bits,
        "negative_tokens": of.misled,
        "leave_one_out_bits": of.owed / bits,
        "share": shares(of.owed),
        "attribution_entropy_nats": attribution_entropy(of.owed),
        "best_segment": of.owed.argmax(0),
        "sum_loo_minus_total_bits": (of.owed.sum(0) - of.taken) / bits,
    }
    given = {"name", "surprisal_none", "surprisal_doc", "surprisal_leave_one_out"}
    assert found.keys() == case.keys() - given - {"sentence_bounds"}
    for name, value in found.items():
        np.testing.assert_allclose(value, case[name], rtol=0, atol=BLOCK["tolerance"], err_msg=name)
