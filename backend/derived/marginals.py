"""How well one pass agrees with itself and with chains; made from stored runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.marginals import CHAIN, INK_P, ONE_PASS, SOURCE, MarginalsRun
from .base import derived

ENTROPY = Quantity(
    "Entropy of a pixel", "H_i", high=0.7, digits=3, missing="it is seen", plain="how unsure",
    help="Of a pixel that is not seen: paper or ink.",
    formula=r"-\sum_vp(x_i=v\mid x_s)\ln p(x_i=v\mid x_s)", source=SOURCE,
)  # fmt: skip
SUM = replace(
    ENTROPY, name="Sum of single-pixel entropies", symbol="ΣH", high=30, digits=2,
    help="Of all that is not seen; the entropy of the rest of the picture is at most this.",
    formula=r"\sum_iH_i\ge H(x_{\bar s}\mid x_s)",
)  # fmt: skip
RESIDUAL = Quantity(
    "Residual", "e", low=-0.5, high=0.5, scale="diverging", digits=3, missing="it is seen",
    help="By how much one pass misses its own sum over a further pixel; 0 of true marginals.",
    formula=r"f(x_s)-\ln\sum_ve^{f(x_s,x_i=v)}", source=SOURCE,
)  # fmt: skip
RMS = replace(
    RESIDUAL, name="Residual, root mean square", low=0, scale="linear", missing="all is seen",
    help="Over all pixels that are not seen.", formula=r"\sqrt{\overline{e^2}}",
)  # fmt: skip
RATIO = replace(
    INK_P, name="p of ink by one pass", help="By two passes: with it as paper, and as ink.",
    formula=r"\sigma(f(x_s,1)-f(x_s,0))",
)  # fmt: skip
MIXTURE = replace(
    CHAIN, name="Chains", help="Log of the mean p of all random orders: as many passes as pixels "
    "seen, for each.", formula=r"\log\frac1R\sum_rp_r(x_s)",
)  # fmt: skip
SPREAD = replace(
    CHAIN, name="Spread over orders", low=0, high=10,
    help="Between the likeliest and the least likely order: a true p has none.",
    formula=r"\max_r\log p_r-\min_r\log p_r",
)  # fmt: skip
APART = replace(
    SPREAD, name="Apart on nine in ten", missing="no case is known",
    help="How far one pass is at most from what it should be, on nine of ten cases.",
    formula=r"Q_{.9}|f-\log p|", source=SOURCE,
)  # fmt: skip
LAST = replace(ONE_PASS, name="One pass, all shown")
LAST_CHAINS = replace(MIXTURE, name="Chains, all shown")


def _entropies(run: MarginalsRun) -> np.ndarray:
    p = run.ink.astype(np.float64)
    found = np.zeros_like(p)
    for each in (p, 1 - p):
        found -= each * np.log(np.where(each > 0, each, 1))
    return found


@derived("marginals", "pixel_entropy", "I", "X", quantity=ENTROPY)
def pixel_entropy(run: MarginalsRun) -> np.ndarray:
    """Return the entropy of each pixel that is not seen, [I, X]."""
    return _entropies(run)


@derived("marginals", "sum_entropy", "I", quantity=SUM)
def sum_entropy(run: MarginalsRun) -> np.ndarray:
    """Return their sum, [I]."""
    return np.nansum(_entropies(run), 1)


@derived("marginals", "residual", "I", "X", quantity=RESIDUAL)
def residual(run: MarginalsRun) -> np.ndarray:
    """Return the residual at each pixel that is not seen, [I, X]."""
    paper, ink = run.given_paper.astype(np.float64), run.given_ink.astype(np.float64)
    with np.errstate(invalid="ignore"):  # NaN where it is seen
        return run.one_pass[:, None] - np.logaddexp(paper, ink)


@derived("marginals", "residual_rms", "I", quantity=RMS)
def residual_rms(run: MarginalsRun) -> np.ndarray:
    """Return its root mean square, [I]; NaN where all is seen."""
    found = residual(run)
    count = np.isfinite(found).sum(1)
    return np.sqrt(np.nansum(found**2, 1) / np.where(count, count, np.nan))


@derived("marginals", "ink_by_ratio", "I", "X", quantity=RATIO)
def ink_by_ratio(run: MarginalsRun) -> np.ndarray:
    """Return p of ink by two passes, [I, X]."""
    return 1 / (1 + np.exp(run.given_paper.astype(np.float64) - run.given_ink))


@derived("marginals", "mixture", "I", quantity=MIXTURE)
def mixture(run: MarginalsRun) -> np.ndarray:
    """Return ln of the mean p of all orders, [I]."""
    return np.logaddexp.reduce(run.chain.astype(np.float64), 1) - np.log(run.chain.shape[1])


@derived("marginals", "order_spread", "I", quantity=SPREAD)
def order_spread(run: MarginalsRun) -> np.ndarray:
    """Return how far orders are apart, [I]."""
    return np.ptp(run.chain.astype(np.float64), 1)


@derived("marginals", "last", quantity=LAST)
def last(run: MarginalsRun) -> float:
    """Return one pass with all shown, nats."""
    return float(run.one_pass[-1])


@derived("marginals", "last_chains", quantity=LAST_CHAINS)
def last_chains(run: MarginalsRun) -> float:
    """Return what chains say of the same, nats."""
    return float(mixture(run)[-1])


@derived("marginals", "apart", quantity=APART)
def apart(run: MarginalsRun) -> float:
    """Return how far one pass is from what it should be on nine in ten cases, nats."""
    found = np.abs(run.case_one_pass.astype(np.float64) - run.case_reference)
    found = found[np.isfinite(found)]
    return float(np.quantile(found, 0.9)) if found.size else np.nan
