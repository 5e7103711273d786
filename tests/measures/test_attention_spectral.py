"""The strength of a head from its weights alone."""

from __future__ import annotations

import pytest
import torch

from backend.measures.spectral import query_key_norm
from tests.apple_gpu import AppleGpu, on_gpu


@pytest.mark.parametrize(("heads", "key_heads"), [(1, 1), (6, 2), (4, 4), (8, 1)])
def test_the_norm_is_the_largest_singular_value_of_the_whole_product(heads, key_heads):
    generator = torch.Generator().manual_seed(heads)
    query = torch.randn(heads, 8, 40, generator=generator)
    key = torch.randn(key_heads, 8, 40, generator=generator)
    shared = key.repeat_interleave(heads // key_heads, 0)
    whole = torch.linalg.svdvals(shared.double().mT @ query.double())[:, 0]
    torch.testing.assert_close(query_key_norm(query, key).double(), whole, rtol=1e-5, atol=0)


def test_no_pair_of_unit_inputs_scores_higher():
    generator = torch.Generator().manual_seed(3)
    query = torch.randn(1, 8, 20, generator=generator)
    key = torch.randn(1, 8, 20, generator=generator)
    inputs = torch.nn.functional.normalize(torch.randn(500, 20, generator=generator), dim=-1)
    scores = (inputs @ query[0].T) @ (inputs @ key[0].T).T
    assert scores.abs().max() <= query_key_norm(query, key).item()


def test_weights_in_half_precision_are_read():
    query, key = torch.eye(4)[None].bfloat16(), 2 * torch.eye(4)[None].bfloat16()
    assert query_key_norm(query, key).item() == pytest.approx(2)


def test_an_apple_gpu_leaves_the_factorisation_to_the_cpu():
    query = torch.randn(2, 8, 20, generator=torch.Generator().manual_seed(3))
    with AppleGpu():
        norm = query_key_norm(on_gpu(query), on_gpu(query))
    torch.testing.assert_close(norm, query_key_norm(query, query))
