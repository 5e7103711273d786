"""The attention study: how widely every head looked at every token of a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..quantities import Quantity
from .arrays import array, array_specs
from .base import RUN_KINDS, Request, TokenizedRun
from .fields import asked, bos_option, reading_text, special_option
from .tables import Table, indexed, mean_of_known, token_table

_NOTHING = "nothing to measure"
_ATTENTION = "Scaled dot-product attention: Vaswani et al. 2017, arXiv 1706.03762."


def _weight(name: str, help: str, formula: str, source: str = "") -> Quantity:
    return Quantity(
        name, "w", "%", help=help, formula=formula, source=source, missing=_NOTHING, digits=1
    )


ATTENTION_ENTROPY = Quantity(
    "Attention entropy",
    "H",
    # Fixed, so that texts can be compared: e⁶ = 403 equally weighted tokens. Longer texts clip.
    high=6,
    plain="how widely it looks",
    help="How widely a head looks from this token over the tokens it sees.",
    formula=r"H_i=-\sum_{j\le i}p_{ij}\ln p_{ij}",
    source="Entropy of attention: Zhai et al. 2023, σReparam, arXiv 2303.06296.",
    missing=_NOTHING,
)
MAX_ENTROPY = Quantity(
    "Largest entropy",
    "ln n",
    high=6,
    help="ln of the number of tokens a query sees: what a uniform look would have.",
    formula=r"\ln n_i",
    source="Shannon 1948.",
    missing=_NOTHING,
)
FIRST_MASS = _weight(
    "On the first token", "Weight on the first token, the sink.", r"p_{i0}",
    "Attention sinks: Xiao et al. 2023, arXiv 2309.17453.",
)  # fmt: skip
SELF_MASS = _weight("On itself", "Weight on the token itself.", r"p_{ii}", _ATTENTION)
PREVIOUS_MASS = _weight(
    "On the token before", "Weight on the token before.", r"p_{i,i-1}", _ATTENTION
)
INDUCTION_MASS = _weight(
    "On what followed last time",
    "Weight on the token after the last earlier occurrence of this one.",
    r"p_{i,\,1+\max\{j<i-1:\,x_j=x_i\}}",
    "Induction heads: Olsson et al. 2022, arXiv 2209.11895.",
)
OUTSIDE_MASS = _weight(
    "On no token",
    "Weight on a learned sink that is no token.",
    r"p_{i,\mathrm{sink}}",
    "gpt-oss: OpenAI 2025.",
)
DISTANCE = Quantity(
    "Distance looked back",
    "d",
    "tokens",
    high=128,
    help="Mean distance to the tokens it looks at.",
    formula=r"\sum_{j\le i}p_{ij}\,(i-j)",
    source="Attention distance: Vig and Belinkov 2019, arXiv 1906.04284.",
    missing=_NOTHING,
    digits=1,
)
SCORE_SPREAD = Quantity(
    "Spread of the scores",
    "σ",
    "",
    high=60,
    help="Euclidean norm of the scores minus their mean: bounds the entropy from below.",
    formula=r"\lVert s_i-\bar s_i\rVert_2",
    source="After σReparam, Zhai et al. 2023, arXiv 2303.06296.",
    missing=_NOTHING,
)
SPECTRAL_NORM = Quantity(
    "Spectral norm",
    "‖W‖",
    "",
    high=40,
    help="Largest singular value of the product of key and query weights, times the scale.",
    formula=r"\lVert W_K W_Q^\top\rVert_2/\sqrt d",
    source="σReparam, Zhai et al. 2023, arXiv 2303.06296.",
    missing="this layer scores with no such product",
)


@dataclass(frozen=True, kw_only=True)
class AttentionRequest(Request):
    """Ask for the attention of every head over ``text``.

    Attributes:
        add_bos: read the model's beginning-of-sequence token first.
        special_tokens: "text" reads look-alikes such as ``<|im_start|>`` as plain characters,
            "special" as the control tokens they name.
        method: "exact" measures in float32, whatever the weights are. "fast" stays in their
            bfloat16 or float16: entropy within 0.004 nats, distances within two thousandths of
            the text. It pays on a GPU; layers with windows, soft-caps or sinks are exact anyway.
    """

    kind: ClassVar[str] = "attention"
    text: str = reading_text()
    add_bos: bool = bos_option()
    special_tokens: Literal["text", "special"] = special_option()
    method: Literal["exact", "fast"] = asked(
        "exact",
        label="Measured",
        help="Exact, in float32; or fast, for weights in bfloat16 or float16 on a GPU: entropy "
        "within 0.004 nats.",
        later=True,
    )


@RUN_KINDS.register("attention")
@dataclass(frozen=True, kw_only=True, eq=False)
class AttentionRun(TokenizedRun):
    """What the weights of every head say about every query, without the weights themselves.

    Value *i* describes the attention of token *i* as a query over the keys it sees, itself
    included; unlike the numbers of a text run it exists for the first token too. All are NaN in
    layers that have no attention pattern; ``reasons`` says why.

    Attributes:
        entropy: float32 [L, H, T], nats, of the weights over the visible keys.
        max_entropy: float32 [L, T], nats, ln of the number of visible keys.
        first_mass: float32 [L, H, T], weight on the first token of the text (the usual sink).
        self_mass: float32 [L, H, T], weight on the query's own token.
        previous_mass: float32 [L, H, T], weight on the token before; NaN for the first.
        induction_mass: float32 [L, H, T], weight on the token after the last earlier occurrence of
            the query's own token; 0 where there was none.
        distance: float32 [L, H, T], mean distance looked back, in tokens.
        score_spread: float32 [L, H, T], Euclidean norm of the scores minus their mean.
        outside_mass: float32 [L, H, T], weight on a learned sink that is no token; entropy and
            distance are taken over the rest. None where the model has no such sink.
        spectral_norm: float32 [L, H], largest singular value of W_K W_Qᵀ times the scale of the
            scores; NaN where the layer does not score with such a product.
        reasons: why a layer has no pattern, by its number as a string.
    """

    kind: ClassVar[str] = "attention"
    request: AttentionRequest
    entropy: np.ndarray = array(
        "float32", "L", "H", "T", nan="anywhere", quantity=ATTENTION_ENTROPY
    )
    max_entropy: np.ndarray = array("float32", "L", "T", nan="anywhere", quantity=MAX_ENTROPY)
    first_mass: np.ndarray = array("float32", "L", "H", "T", nan="anywhere", quantity=FIRST_MASS)
    self_mass: np.ndarray = array("float32", "L", "H", "T", nan="anywhere", quantity=SELF_MASS)
    previous_mass: np.ndarray = array(
        "float32", "L", "H", "T", nan="anywhere", quantity=PREVIOUS_MASS
    )
    induction_mass: np.ndarray = array(
        "float32", "L", "H", "T", nan="anywhere", quantity=INDUCTION_MASS
    )
    distance: np.ndarray = array("float32", "L", "H", "T", nan="anywhere", quantity=DISTANCE)
    score_spread: np.ndarray = array(
        "float32", "L", "H", "T", nan="anywhere", quantity=SCORE_SPREAD
    )
    spectral_norm: np.ndarray = array("float32", "L", "H", nan="anywhere", quantity=SPECTRAL_NORM)
    outside_mass: np.ndarray | None = array(
        "float32", "L", "H", "T", nan="anywhere", optional=True, quantity=OUTSIDE_MASS
    )
    reasons: dict[str, str]

    def check(self) -> None:
        super().check()
        for name in ("first_mass", "self_mass", "previous_mass", "induction_mass"):
            values = getattr(self, name)
            if (values < 0).any() or (values > 1.001).any():
                raise ValueError(f"{name} must lie between 0 and 1")
        if (self.entropy < 0).any():
            raise ValueError("an entropy cannot be negative")
        empty = {str(layer) for layer in np.flatnonzero(np.isnan(self.entropy).all((1, 2)))}
        if empty != self.reasons.keys():
            raise ValueError("reasons must name the layers without a pattern, and no others")

    def tables(self) -> dict[str, Table]:
        layers, heads, tokens = self.entropy.shape
        queries = indexed({"layer": layers, "head": heads, "token": tokens})
        layer, token = queries["layer"], queries["token"]
        by_query = self._by_query()
        queries |= {name: values.ravel() for name, values in by_query.items()}
        queries["max_entropy_nats"] = self.max_entropy[layer, token]
        of_heads = indexed({"layer": layers, "head": heads})
        of_heads |= {
            f"mean_{name}": mean_of_known(each, 2).ravel() for name, each in by_query.items()
        }
        of_heads["spectral_norm"] = self.spectral_norm.ravel()
        of_heads["no_pattern_because"] = [
            self.reasons.get(str(each), "") for each in of_heads["layer"]
        ]
        return {"queries": queries, "heads": of_heads, "tokens": token_table(self)}

    def _by_query(self) -> dict[str, np.ndarray]:
        """Return every measure [L, H, T] by the name of its column."""
        specs = array_specs(self)
        return {
            specs[name].quantity.column(name): values  # type: ignore[reportOptionalMemberAccess]
            for name, values in self.arrays().items()
            if specs[name].axes == ("L", "H", "T")
        }
