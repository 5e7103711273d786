"""The encoder of sentences: the cosines its makers' own code gives, whatever stands beside."""

from __future__ import annotations

import pytest
import torch

from backend.errors import OverBudgetError
from backend.models.sentences import sentence_encoder

# As the sentence-transformers recipe gives them for this model, two decimals.
PAIRS = [
    ("Paris", "France", 0.73), ("33", "37", 0.83), ("Blue", "Pale blue", 0.79),
    ("7", "7 days", 0.59), ("Shakespeare", "William Shakespeare", 0.90),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "cosine"), PAIRS)
def test_cosines_of_short_answers(one, other, cosine):
    first, second = sentence_encoder().embed([one, other])
    assert float(first @ second) == pytest.approx(cosine, abs=0.006)


def test_an_embedding_does_not_depend_on_what_stands_beside_it_in_the_batch():
    texts = ["Paris", "A much longer sentence about the city of light and its river.", ""]
    together = sentence_encoder().embed(texts)
    alone = torch.cat([sentence_encoder().embed([each]) for each in texts])
    assert torch.allclose(together, alone, atol=1e-5)  # float32, padded and not
    assert torch.allclose(together.norm(dim=1), torch.ones(3), atol=1e-6)


def test_a_text_longer_than_it_reads_is_refused_and_not_cut():
    with pytest.raises(OverBudgetError, match=r"502 word pieces; .* reads 256"):
        sentence_encoder().embed(["word " * 500])
