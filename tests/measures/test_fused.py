"""Numbers from fused kernels are those of the whole matrix in float64."""

from __future__ import annotations

import pytest
import torch

from backend.measures import fused
from backend.measures.fused import attention, causal_rows, score_spread

# Heads, key heads, head width; a width that no kernel likes too.
SHAPES = [(6, 2, 64), (4, 4, 40), (3, 1, 7)]
LENGTHS = [1, 2, 17, 256, 257, 700]
shapes = pytest.mark.parametrize("shape", SHAPES)
lengths = pytest.mark.parametrize("tokens", LENGTHS)


def made(shape, tokens, dtype=torch.float32):
    """Return query, key, scale and marked keys of a layer whose first key is a sink."""
    heads, key_heads, width = shape
    generator = torch.Generator().manual_seed(tokens)
    query = torch.randn(2, heads, tokens, width, generator=generator) * 2
    key = torch.randn(2, key_heads, tokens, width, generator=generator) * 2 + 1
    key[:, :, 0] *= 3
    marked = torch.randint(-1, tokens, (tokens,), generator=generator)
    marked = torch.minimum(marked, torch.arange(tokens))
    return query.to(dtype), key.to(dtype), width**-0.5, marked


def exact(query, key, scale, marked):
    """Return every number from the whole matrix, float64."""
    key = key.double().repeat_interleave(query.shape[1] // key.shape[1], 1)
    scores = query.double() @ key.mT * scale
    tokens = scores.shape[-1]
    shown = torch.ones(tokens, tokens, dtype=torch.bool).tril()
    weights = scores.masked_fill(~shown, -torch.inf).softmax(-1)
    places = torch.arange(tokens, dtype=torch.float64)
    count = places + 1
    mean = scores.where(shown, 0).sum(-1, keepdim=True) / count[:, None]
    before = weights.diagonal(-1, -2, -1)
    chosen = weights.gather(-1, marked.clamp(min=0)[:, None].expand(*weights.shape[:-1], 1))[..., 0]
    return {
        "entropy": torch.special.entr(weights).sum(-1),
        "first": weights[..., 0],
        "itself": weights.diagonal(dim1=-2, dim2=-1),
        "previous": torch.cat([before.new_full((*before.shape[:-1], 1), torch.nan), before], -1),
        "marked": chosen * (marked >= 0),
        "distance": places - weights @ places,
        "spread": (scores - mean).where(shown, 0).norm(dim=-1),
    }


def check(found, expected, tolerances):
    for name, tolerance in tolerances.items():
        torch.testing.assert_close(
            getattr(found, name).double(),
            expected[name],
            atol=tolerance,
            rtol=0,
            equal_nan=True,
            msg=lambda text, name=name: f"{name}: {text}",
        )


@shapes
@lengths
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_in_float32_all_numbers_are_exact(dtype, tokens, shape):
    given = made(shape, tokens, dtype)
    # Nats as promised by the module; places up to 700 and scores up to some 40, in float32.
    tolerances = dict.fromkeys(("first", "itself", "previous", "marked"), 2e-5)
    tolerances |= {"entropy": 5e-5, "distance": 2e-3, "spread": 1e-4}
    check(causal_rows(*given), exact(*given), tolerances)


@shapes
@lengths
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_in_half_precision_entropy_is_as_close_as_stated(dtype, tokens, shape):
    given = made(shape, tokens, dtype)
    tolerances = dict.fromkeys(("first", "itself", "previous", "marked"), 2e-4)
    # As ``AttentionRequest.method`` says.
    tolerances |= {"entropy": 4e-3, "distance": max(0.01, 2e-3 * tokens), "spread": 1e-4}
    check(causal_rows(*given, fast=True), exact(*given), tolerances)


def test_the_fast_way_stays_in_half_precision(monkeypatch):
    seen = []

    def watch(query, key, value, scale):
        seen.append({query.dtype, key.dtype, value.dtype})
        return attention(query, key, value, scale)

    monkeypatch.setattr(fused, "attention", watch)
    given = made(SHAPES[0], 17, torch.bfloat16)
    causal_rows(*given, fast=True)
    assert seen == [{torch.bfloat16}] * 3
    seen.clear()
    causal_rows(*given)
    assert seen == [{torch.float32}]


def test_equal_scores_give_the_logarithm_of_the_visible_keys():
    query, key = torch.zeros(1, 2, 50, 16), torch.randn(1, 1, 50, 16)
    found = causal_rows(query, key, 0.25, torch.full((50,), -1))
    count = torch.arange(1.0, 51)
    torch.testing.assert_close(found.entropy[0, 0], count.log(), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.distance[0, 1], (count - 1) / 2, atol=1e-4, rtol=0)
    assert (found.spread == 0).all()
    assert (found.marked == 0).all()


def test_one_key_that_outshines_all_leaves_no_entropy():
    query, key = torch.ones(1, 1, 300, 8), torch.zeros(1, 1, 300, 8)
    key[:, :, 3] = 100
    for fast, dtype in ((False, torch.float32), (True, torch.bfloat16)):
        found = causal_rows(query.to(dtype), key.to(dtype), 1.0, torch.full((300,), 3), fast=fast)
        assert (found.entropy[..., 3:] == 0).all()
        assert (found.marked[..., 3:] == 1).all()
        assert found.distance[0, 0, 299] == 296


@pytest.mark.parametrize("offset", [0.0, 50.0])
def test_the_spread_is_that_of_the_scores_however_far_they_are_from_zero(offset):
    query, key, scale, marked = made(SHAPES[0], 600)
    key = key + offset
    expected = exact(query, key, scale, marked)["spread"]
    found = score_spread(query, key, scale)
    # A score is up to some 2,000 with the offset, and the spread a small difference of such.
    torch.testing.assert_close(found.double(), expected, atol=1e-4 + 1e-4 * offset, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_kernels_of_nvidia_gpus_are_called_as_they_are_declared(dtype):
    # Nothing is computed on "meta", but every argument and shape is checked.
    query, key = (torch.empty(1, heads, 50, 64, dtype=dtype, device="meta") for heads in (6, 2))
    fast = dtype == torch.bfloat16
    passes = fused._fast if fast else fused._exact
    for number in passes(query, key, 0.125):
        assert number.shape == (1, 6, 50)
        assert number.dtype == torch.float32


def test_float32_is_not_rounded_by_an_nvidia_gpu():
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    with fused._without_tf32():
        assert torch.get_float32_matmul_precision() == "highest"
    assert torch.get_float32_matmul_precision() == "medium"
    torch.set_float32_matmul_precision(before)
