"""Hyperfitting: how sharp predictions are and how often words repeat, as its code measures them."""

from __future__ import annotations

import pytest
import torch

from backend.measures.hyperfitting import top_mass, type_token_ratio
from backend.measures.multiple_instance import attention_entropy as entropy_of
from tests.vectors.reading import block, doubles

BLOCK = block("a", "13_hyperfitting")
LOGITS = doubles(BLOCK["logits"])


def test_entropy_of_every_row():
    assert entropy_of(LOGITS).tolist() == pytest.approx(BLOCK["entropy_exact"], abs=1e-9)
    assert float(entropy_of(LOGITS).mean()) == pytest.approx(BLOCK["mean_entropy"], abs=1e-8)


def test_the_1e_9_of_the_authors_code_changes_nothing_that_is_shown():
    shares = torch.softmax(LOGITS, -1)
    theirs = -(shares * (shares + 1e-9).log()).sum(-1)
    assert theirs.tolist() == pytest.approx(BLOCK["entropy_with_1e9_eps"], abs=1e-11)
    assert entropy_of(LOGITS).tolist() == pytest.approx(theirs.tolist(), abs=1e-8)


def test_mass_of_the_first_choice():
    assert top_mass(LOGITS).tolist() == pytest.approx(BLOCK["top1_mass"], abs=1e-9)


def test_type_token_ratio_depends_on_its_window():
    case = BLOCK["ttr"]
    assert type_token_ratio(case["tokens"], case["window"]) == case["ttr"]
    assert type_token_ratio(case["tokens"], 4) == case["window_4"]
