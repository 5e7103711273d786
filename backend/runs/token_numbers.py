"""Numbers that several kinds of run have of a token, with the fixed ranges of their colours.

Entropy runs from 0 to 7 nats (10 bits), which covers all but near-uniform guesses over 50,000
tokens, and surprisal twice as far.
"""

from __future__ import annotations

from ..quantities import Quantity

SHANNON = "Shannon 1948, A Mathematical Theory of Communication."

ENTROPY = Quantity(
    "Entropy",
    "H",
    high=7,
    plain="how unsure",
    help="How undecided the model was before it saw this token; over the whole vocabulary.",
    formula=r"H_i=-\sum_v p_i(v)\ln p_i(v)",
    source=SHANNON,
    pieces=(7, 7),
    pieces_help="Mean over the tokens of the {level}: how undecided the model was at each of them.",
    pieces_formula=r"\frac1n\sum_i H_i",
)
SURPRISAL = Quantity(
    "Surprisal",
    "s",
    high=14,
    plain="how surprised",
    help="How unexpected this token was: −log of its probability.",
    formula=r"s_i=-\ln p_i(x_i)",
    source=SHANNON,
    joins="sum",
    pieces=(28, 140),
    pieces_help="Of the {level} as a whole: the sum over its tokens, by the chain rule.",
    pieces_formula=r"\sum_i s_i=-\ln p(x_1\dots x_n)",
)
VARENTROPY = Quantity(
    "Varentropy",
    "V",
    "nats²",
    high=14,
    plain="how mixed",
    help="Variance of surprisal under the model: high when it weighs a favourite against many; 0 "
    "for a certain token and for a choice among equally likely ones.",
    formula=r"V_i=\sum_v p_i(v)\,\bigl(-\ln p_i(v)-H_i\bigr)^2",
    source="Kontoyiannis and Verdú 2014.",
)
RANK = Quantity(
    "Rank",
    "r",
    "",
    low=1,
    high=1000,
    scale="rank",
    plain="which place",
    help="Place of this token among all, the most likely first: 1.",
    formula=r"1+\bigl|\{v: p_i(v)>p_i(x_i)\}\bigr|",
    source="As in GLTR, Gehrmann et al. 2019, arXiv 1906.04043; ties go to the lower id.",
    digits=0,
)
