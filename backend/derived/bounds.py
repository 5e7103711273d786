"""How far apart two distributions are at least, and at most, when only their tops are known.

Known are p on the K most likely tokens of one and q on those of the other; on the tokens in both
tops both are known, and for all others together the two sums. Merging outcomes can only bring
distributions closer (data processing inequality), so the divergence of the merged distributions
is a lower bound of the real one. KL(p‖q) has no upper bound from tops alone, since q may be next
to nothing anywhere. The Jensen–Shannon divergence does: the merged part adds at most
½ (p + q) ln 2, when its tokens differ altogether.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..runs.text import TextRun

# Stored logarithms are float32. What is left beside them is not known better than this, and
# taking it for 0 would make a divergence infinite.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class DivergenceBounds:
    """Bounds at N positions, nats; NaN where a position has no prediction.

    Attributes:
        kl_ab, kl_ba: float64 [N]; KL(A‖B) and KL(B‖A) are at least this.
        js_low, js_high: float64 [N]; the Jensen–Shannon divergence lies between (0 … ln 2).
        known: float64 [N]; the smaller of the two probabilities that the common tokens hold.
    """

    kl_ab: np.ndarray
    kl_ba: np.ndarray
    js_low: np.ndarray
    js_high: np.ndarray
    known: np.ndarray


def share_vocabulary(a: TextRun, b: TextRun) -> bool:
    """Tell whether token ids mean the same in both runs, as far as the runs show.

    Sizes may differ by rows that pad a vocabulary and name no token: then the same tokenizer shows
    by the same ids for the same text.
    """
    seen = [_texts(run) for run in (a, b)]
    common = seen[0].keys() & seen[1].keys()
    if any(seen[0][each] != seen[1][each] for each in common):
        return False
    return a.model.vocab_size == b.model.vocab_size or (
        a.text == b.text and np.array_equal(a.token_ids, b.token_ids)
    )


def divergence_bounds(
    a: TextRun, b: TextRun, positions_a: np.ndarray, positions_b: np.ndarray
) -> DivergenceBounds:
    """Bound the divergence between A at ``positions_a`` [N] and B at ``positions_b`` [N]."""
    p, q = _merged(a, positions_a, b, positions_b)
    middle = (p + q) / 2
    rest = (p[:, -1] + q[:, -1]) / 2
    js_known = (_terms(p, middle) + _terms(q, middle))[:, :-1].sum(1) / 2
    js_low = js_known + (_terms(p, middle) + _terms(q, middle))[:, -1] / 2
    return DivergenceBounds(
        kl_ab=np.maximum(_terms(p, q).sum(1), 0),
        kl_ba=np.maximum(_terms(q, p).sum(1), 0),
        js_low=np.maximum(js_low, 0),
        js_high=np.minimum(js_known + rest * np.log(2), np.log(2)),
        known=1 - np.maximum(p[:, -1], q[:, -1]),
    )


def _merged(
    a: TextRun, positions_a: np.ndarray, b: TextRun, positions_b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return p and q over the common tokens, padded with 0, and all others together last."""
    all_p = np.exp(a.top_logprobs[positions_a].astype(np.float64))
    all_q = np.exp(b.top_logprobs[positions_b].astype(np.float64))
    missing = np.isnan(all_p).any(1) | np.isnan(all_q).any(1)
    common, place = _look_up(a.top_ids[positions_a], b.top_ids[positions_b])
    p, q = np.where(common, all_p, 0), np.where(common, all_q.ravel()[place], 0)
    merged = []
    for known in (p, q):
        rest = np.clip(1 - known.sum(1, keepdims=True), _ROUNDING, 1)
        whole = np.concatenate([known, rest], 1)
        whole[missing] = np.nan
        merged.append(whole)
    return merged[0], merged[1]


def _look_up(ids: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find ``ids`` [N, K] in the same row of ``among`` [N, J].

    Returns:
        bool [N, K], whether it is there; int64 [N, K], where in ``among.ravel()``.
    """
    row = np.arange(len(ids), dtype=np.int64)[:, None] << 32
    wanted, keys = row + ids, (row + among).ravel()
    order = np.argsort(keys, kind="stable")
    place = order[np.minimum(np.searchsorted(keys[order], wanted), max(len(keys) - 1, 0))]
    return keys[place] == wanted, place


def _terms(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return p ln(p / q) with 0 ln 0 = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p == 0, 0.0, p * (np.log(p) - np.log(q)))


def _texts(run: TextRun) -> dict[int, str]:
    tokens = dict(zip(run.token_ids.tolist(), run.tokens, strict=True))
    return {int(each): text for each, text in run.vocabulary.items()} | tokens
