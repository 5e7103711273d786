"""Attention statistics of random queries and keys, against the whole matrix in float64."""

from __future__ import annotations

from threading import Thread

import pytest
import torch
from torch import Tensor

from backend.measures import tiles
from backend.measures.attention import AttentionRows, Scores, attend
from backend.measures.pattern import pattern, pooled_pattern
from backend.measures.tiles import plan_causal, plan_masked

ENTROPY_ERROR = 1e-4  # nats: the promise for float32
MASS_ERROR = 1e-5
DISTANCE_ERROR = 5e-3  # tokens


def make_scores(batch=1, heads=4, key_heads=2, tokens=50, width=8, sharp=2.0, **more) -> Scores:
    generator = torch.Generator().manual_seed(tokens + heads)
    query = torch.randn(batch, heads, tokens, width, generator=generator) * sharp
    key = torch.randn(batch, key_heads, tokens, width, generator=generator)
    return Scores(query, key, width**-0.5, **more)


def make_values(scores: Scores, width: int = 8) -> Tensor:
    generator = torch.Generator().manual_seed(7)
    return torch.randn(*scores.key.shape[:3], width, generator=generator)


def past(tokens: int, batch: int = 1) -> Tensor:
    return torch.ones(tokens, tokens, dtype=torch.bool).tril().expand(batch, -1, -1)


def window(tokens: int, size: int) -> Tensor:
    return past(tokens) & ~past(tokens).roll(size, 1).tril(-size)


def marks(mask: Tensor) -> Tensor:
    """One key for every third query: some in its past, some not visible to it."""
    place = torch.arange(mask.shape[1])
    return torch.where(place % 3 == 0, place * 5 // 7, -1)


def dense_scores(scores: Scores) -> Tensor:
    group = scores.query.shape[1] // scores.key.shape[1]
    key = scores.key.double().repeat_interleave(group, 1)
    dense = scores.query.double() @ key.mT * scores.scale
    if scores.softcap is not None:
        dense = (dense / scores.softcap).tanh() * scores.softcap
    return dense if scores.bias is None else dense + scores.bias.double()


def dense_weights(scores: Scores, mask: Tensor) -> Tensor:
    """All weights [B, H, T, T], a learned sink cut off."""
    dense = dense_scores(scores).masked_fill(~mask[:, None], -torch.inf)
    if scores.sinks is None:
        return dense.softmax(-1)
    sinks = scores.sinks.double()[None, :, None, None].expand(*dense.shape[:3], 1)
    return torch.cat([dense, sinks], -1).softmax(-1)[..., :-1]


def dense_entropy(weights: Tensor) -> Tensor:
    weights = weights / weights.sum(-1, keepdim=True)
    return -torch.xlogy(weights, weights).sum(-1)


def measure(scores: Scores, mask: Tensor, value: Tensor | None = None) -> AttentionRows:
    group = scores.query.shape[1] // scores.key.shape[1]
    return attend(scores, plan_masked(mask, group, marks(mask)), value)[0]


CASES = {
    "one token": (make_scores(tokens=1), past(1)),
    "few tokens": (make_scores(tokens=37), past(37)),
    "all heads share one key head": (make_scores(heads=8, key_heads=1, tokens=200), past(200)),
    "no sharing": (make_scores(heads=3, key_heads=3, tokens=300), past(300)),
    "sharp": (make_scores(tokens=150, sharp=40.0), past(150)),
    "flat": (make_scores(tokens=150, sharp=0.0), past(150)),
    "window": (make_scores(tokens=400), window(400, 16)),
    "window wider than the text": (make_scores(tokens=40), window(40, 64)),
    "soft-cap": (make_scores(tokens=90, softcap=3.0), past(90)),
    "sinks": (make_scores(tokens=90, sinks=torch.tensor([-3.0, 0.0, 2.0, 6.0])), past(90)),
    "bias per head": (
        make_scores(tokens=90, bias=-torch.arange(90.0).expand(1, 4, 90, 90) * 0.1),
        past(90),
    ),
    "bias for all heads": (
        make_scores(tokens=90, bias=torch.arange(90.0).expand(1, 1, 90, 90) * 0.1),
        past(90),
    ),
    "two texts": (make_scores(batch=2, tokens=70), past(70, 2)),
    "every token sees every other": (make_scores(tokens=70), past(70) | ~past(70)),
}
cases = pytest.mark.parametrize(("scores", "mask"), CASES.values(), ids=CASES.keys())


@cases
def test_entropy_is_that_of_the_whole_row(scores, mask):
    exact = dense_entropy(dense_weights(scores, mask))
    torch.testing.assert_close(
        measure(scores, mask).entropy.double(), exact, atol=ENTROPY_ERROR, rtol=0
    )


@cases
def test_masses_are_single_weights(scores, mask):
    rows, weights = measure(scores, mask), dense_weights(scores, mask)
    own = weights.diagonal(dim1=-2, dim2=-1)
    before = weights.diagonal(-1, -2, -1)
    close = {"atol": MASS_ERROR, "rtol": 0}
    torch.testing.assert_close(rows.first.double(), weights[..., 0], **close)
    torch.testing.assert_close(rows.itself.double(), own, **close)
    torch.testing.assert_close(rows.previous[..., 1:].double(), before, **close)
    assert rows.previous[..., 0].isnan().all()
    marked = marks(mask)
    noted = weights[..., torch.arange(len(marked)), marked.clamp(min=0)] * (marked >= 0)
    torch.testing.assert_close(rows.marked.double(), noted, **close)
    torch.testing.assert_close(rows.outside.double(), 1 - weights.sum(-1), **close)


@cases
def test_distance_is_the_mean_over_the_keys(scores, mask):
    weights = dense_weights(scores, mask)
    weights = weights / weights.sum(-1, keepdim=True)
    place = torch.arange(weights.shape[-1], dtype=torch.float64)
    torch.testing.assert_close(
        measure(scores, mask).distance.double(),
        place - weights @ place,
        atol=DISTANCE_ERROR,
        rtol=0,
    )


@cases
def test_spread_is_the_norm_of_the_centred_scores(scores, mask):
    seen = dense_scores(scores).where(mask[:, None], torch.nan)
    centred = seen - seen.nanmean(-1, keepdim=True)
    exact = centred.nan_to_num().square().sum(-1).sqrt()
    torch.testing.assert_close(measure(scores, mask).spread.double(), exact, atol=1e-3, rtol=1e-4)


@cases
def test_output_is_the_weighted_sum_of_the_values(scores, mask):
    value = make_values(scores, 12)
    group = scores.query.shape[1] // scores.key.shape[1]
    output = attend(scores, plan_masked(mask, group, marks(mask)), value)[1]
    exact = dense_weights(scores, mask) @ value.double().repeat_interleave(group, 1)
    torch.testing.assert_close(output.double(), exact.transpose(1, 2), atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("tokens", [1, 127, 128, 129, 300, 2200])
def test_a_causal_plan_needs_no_mask(tokens):
    scores = make_scores(heads=2, key_heads=1, tokens=tokens, width=4)
    plain = attend(scores, plan_causal(1, 2, marks(past(tokens))))[0]
    masked = measure(scores, past(tokens))
    torch.testing.assert_close(plain.entropy, masked.entropy, atol=1e-5, rtol=0)
    torch.testing.assert_close(plain.spread, masked.spread, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("keys", [1, 3, 32, 199])
def test_the_width_of_the_tiles_does_not_matter(keys, monkeypatch):
    monkeypatch.setattr(tiles, "_KEYS", keys)
    scores, mask = make_scores(tokens=200), window(200, 70)
    exact = dense_weights(scores, mask)
    rows, output = attend(scores, plan_masked(mask, 2, marks(mask)), make_values(scores))
    values = make_values(scores).double().repeat_interleave(2, 1)
    torch.testing.assert_close(
        rows.entropy.double(), dense_entropy(exact), atol=ENTROPY_ERROR, rtol=0
    )
    torch.testing.assert_close(
        output.double(), (exact @ values).transpose(1, 2), atol=2e-5, rtol=1e-5
    )


def test_a_query_that_sees_nothing_has_no_numbers_and_no_output():
    scores = make_scores(tokens=60)
    mask = past(60).clone()
    mask[:, [0, 31]] = False
    rows, output = attend(scores, plan_masked(mask, 2, marks(mask)), make_values(scores))
    assert rows.entropy[..., [0, 31]].isnan().all()
    assert rows.first[..., [0, 31]].isnan().all()
    assert rows.entropy[..., 32:].isfinite().all()
    assert (output[:, [0, 31]] == 0).all()


def test_a_text_in_which_nothing_is_visible_has_no_numbers():
    scores = make_scores(batch=2, tokens=40)
    mask = past(40, 2).clone()
    mask[1] = False
    rows, output = attend(scores, plan_masked(mask, 2, marks(mask)), make_values(scores))
    assert rows.entropy[1].isnan().all()
    assert (output[1] == 0).all()
    assert rows.entropy[0].isfinite().all()


def test_the_only_visible_key_gets_all_the_weight():
    scores = make_scores(tokens=30, sharp=30.0)
    mask = torch.zeros(1, 30, 30, dtype=torch.bool)
    mask[:, :, 4] = True
    rows = measure(scores, mask)
    assert (rows.entropy == 0).all()
    assert (rows.first == 1).all()  # the first token that anybody sees
    assert torch.equal(rows.distance[0, 0], torch.arange(30.0) - 4)


def test_left_padding_moves_the_first_token_and_nothing_else():
    scores = make_scores(tokens=40)
    shorter = Scores(scores.query[:, :, 8:], scores.key[:, :, 8:], scores.scale)
    mask = past(40).clone()
    mask[:, :, :8] = False
    padded, alone = measure(scores, mask), measure(shorter, past(32))
    for name in ("entropy", "first", "itself", "previous", "distance"):
        torch.testing.assert_close(
            getattr(padded, name)[..., 8:], getattr(alone, name), atol=1e-5, rtol=0, equal_nan=True
        )


def test_uniform_attention_reaches_the_maximum():
    scores = make_scores(tokens=500, sharp=0.0)
    entropy = measure(scores, past(500)).entropy
    highest = torch.arange(1, 501.0).log().expand_as(entropy)
    torch.testing.assert_close(entropy, highest, atol=1e-5, rtol=0)


def test_large_common_scores_do_not_cost_precision():
    # Scores around 3,000: the entropy does not depend on what all keys have in common.
    scores = make_scores(tokens=200)
    shifted = Scores(
        torch.cat([scores.query, torch.ones(1, 4, 200, 1)], -1),
        torch.cat([scores.key, torch.full((1, 2, 200, 1), 1024.0 * 8)], -1),
        scores.scale,
    )
    exact = dense_entropy(dense_weights(scores, past(200)))
    # The sum q·k itself rounds at 3,000 · 2⁻²⁴ here, which no way of summing can undo.
    torch.testing.assert_close(
        measure(shifted, past(200)).entropy.double(), exact, atol=2e-3, rtol=0
    )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_inputs_are_measured_in_float32(dtype):
    scores = make_scores(tokens=300)
    half = Scores(scores.query.to(dtype), scores.key.to(dtype), scores.scale)
    exact = dense_entropy(dense_weights(half, past(300)))
    torch.testing.assert_close(
        measure(half, past(300)).entropy.double(), exact, atol=ENTROPY_ERROR, rtol=0
    )


def test_a_query_that_sees_nothing_has_an_empty_row_in_the_pattern():
    scores = make_scores(tokens=60)
    mask = past(60).clone()
    mask[:, [0, 31]] = False
    weights = pattern(scores, mask[:, None], 1)
    assert (weights[[0, 31]] == 0).all()
    torch.testing.assert_close(weights.sum(1)[32:], torch.ones(28))
    assert pooled_pattern(scores, mask[:, None], 1, 60).isfinite().all()


@cases
@pytest.mark.parametrize("head", [0, 1])
def test_the_pattern_of_a_head_is_its_row_of_weights(scores, mask, head):
    exact = dense_weights(scores, mask)[0, head]
    torch.testing.assert_close(
        pattern(scores, mask[:, None], head).double(), exact, atol=MASS_ERROR, rtol=0
    )


def test_the_pattern_can_be_asked_for_in_rows():
    scores = make_scores(tokens=300)
    torch.testing.assert_close(
        pattern(scores, None, 3, 40, 299), pattern(scores, None, 3)[40:299], atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("cells", [1, 7, 64, 300, 500])
def test_the_overview_holds_the_largest_weight_of_each_field(cells):
    scores = make_scores(tokens=300)
    whole = pattern(scores, None, 2)
    width = -(-300 // cells)
    fields = [[cut.max() for cut in strip.split(width, 1)] for strip in whole.split(width, 0)]
    torch.testing.assert_close(pooled_pattern(scores, None, 2, cells), torch.tensor(fields))


def test_threads_that_start_later_keep_all_cores():
    counts = [torch.get_num_threads()]
    scores = make_scores()
    attend(scores, plan_causal(1, 2, marks(past(50))))
    later = Thread(target=lambda: counts.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert counts == [torch.get_num_threads()] * 2
