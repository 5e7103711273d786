"""What the numbers of answers runs are."""

from __future__ import annotations

from dataclasses import replace

from ..quantities import Quantity
from .token_numbers import ENTROPY, SURPRISAL

_GRAPH = "Lin et al. 2023, Generating with Confidence, arXiv 2305.19187."
_ENDED = "the answer had ended"

STEP_ENTROPY = replace(
    ENTROPY, missing=_ENDED, pieces=None,
    help="How undecided the model was before this token, over the whole vocabulary; at "
    "temperature 1, whatever the answer was drawn at.",
)  # fmt: skip
STEP_SURPRISAL = replace(
    SURPRISAL,
    missing=_ENDED,
    pieces=None,
    help="−ln p of the drawn token under the model itself, at temperature 1.",
)
ANSWER_SURPRISAL = replace(
    STEP_SURPRISAL, name="Surprisal of the answer", symbol="−L", high=12, missing="no answer",
    help="−ln p of the whole answer with its end, under the model itself.",
    formula=r"-L=-\sum_t\ln p(x_t\mid x_{<t})", plain="",
)  # fmt: skip
EIGV = Quantity(
    "EigV", "U_{EigV}", "", low=1, high=10, missing="too few answers",
    help="A number of meanings that need not be whole, from the words answers share.",
    formula=r"\sum_k\max(0,1-\lambda_k)", source=_GRAPH,
)  # fmt: skip
DEG = replace(
    EIGV, name="Deg", symbol="U_{Deg}", low=0, high=1,
    help="1 minus the mean share of words that two answers have in common.",
    formula=r"1-\frac1{N^2}\sum_{ij}W_{ij}",
)  # fmt: skip
ECC = replace(
    EIGV, name="Ecc", symbol="U_{Ecc}", low=0, high=3,
    help="How far answers lie from their middle, in the eigenvectors below the cut of .9.",
    formula=r"\lVert V-\overline{V}\rVert_F",
)  # fmt: skip
ECC_EACH = replace(
    ECC, name="Eccentricity of an answer", high=1,
    help="How far this answer lies from the middle of all: the norm of its row, which no other "
    "basis changes.",
    formula=r"\lVert v_i-\overline{v}\rVert",
)  # fmt: skip
TO_CUT = replace(
    ECC, name="Distance to the cut", symbol="", high=1, digits=3,
    help="Of the eigenvalue nearest to .9: where it is small, Ecc may jump.",
    formula=r"\min_k|\lambda_k-.9|",
)  # fmt: skip
LEXICAL = Quantity(
    "Lexical similarity", "", "", low=-1, high=0, missing="too few answers",
    help="Minus the mean share of common words of two answers; nearer 0 is less alike.",
    formula=r"-\frac{2}{N(N-1)}\sum_{i<j}J_{ij}",
    source="Fomicheva et al. 2020, arXiv 2005.10608; there with ROUGE-L, here with Jaccard.",
)  # fmt: skip
EIGENSCORE = Quantity(
    "EigenScore", "", "", low=-7, high=7, scale="diverging", missing="too few answers",
    help="Mean logarithm of the eigenvalues that states of the answers have, α = .001 added.",
    formula=r"\frac1N\ln\det(ZJZ^\top+\alpha I)",
    source="Chen et al. 2024, INSIDE, arXiv 2402.03744.",
)  # fmt: skip
VENDI = Quantity(
    "Vendi score", "VS", "", low=1, high=10, missing="the answers were not embedded",
    help="How many answers at right angles would be as diverse, by embeddings.",
    formula=r"\exp H(\lambda(G/N))", source="Friedman and Dieng 2023, arXiv 2210.02410.",
)  # fmt: skip
VOLUME = Quantity(
    "Semantic volume", "", "", low=-150, high=0, missing="the answers were not embedded",
    help="log det of the inner products of embeddings, ε = .001 added; it depends on N and ε.",
    formula=r"\ln\det(G+\varepsilon I)",
    source="Li et al. 2025, Semantic Volume, arXiv 2502.21239.",
)  # fmt: skip
KLE = Quantity(
    "Kernel language entropy", "KLE", "", missing="no judge of meaning was asked",
    help="Von Neumann entropy of a heat kernel over who entails whom, as a share of ln N; its "
    "least value is not 0.",
    formula=r"-\mathrm{tr}(\rho\ln\rho)/\ln N,\ \rho=K/N,\ K\propto e^{-tL}",
    source="Nikitin et al. 2024, arXiv 2405.20003.",
)  # fmt: skip
P_TRUE = Quantity(
    "p(True)", "", "%", digits=0, missing="the model was not asked",
    help="What the model itself gives to “true”, of “true” and “false” together.",
    formula=r"\frac{P(\mathrm{True})}{P(\mathrm{True})+P(\mathrm{False})}",
    source="Kadavath et al. 2022, arXiv 2207.05221.",
)  # fmt: skip
P_TRUE_MASS = replace(
    P_TRUE, name="Mass of True and False",
    help="Where it is small, the model meant to say something else.",
    formula=r"P(\mathrm{True})+P(\mathrm{False})",
)  # fmt: skip
ALIKE = Quantity(
    "Words in common", "J", "%", digits=0, missing="no answer",
    help="Share of the different words of both that both have.",
    formula=r"\frac{|A\cap B|}{|A\cup B|}", source="Jaccard 1901.",
)  # fmt: skip
COSINE = Quantity(
    "Cosine", "\\cos", "", low=0, high=1, missing="the answers were not embedded",
    help="Of the embeddings of two answers by MiniLM: what they share in topic, not in truth.",
    formula=r"e_i\cdot e_j", source="Reimers and Gurevych 2019, arXiv 1908.10084.",
)  # fmt: skip
COSINE_ASKED = replace(
    COSINE,
    name="Cosine with the question",
    help="The same with the question before each answer.",
)
JUDGED = Quantity(
    "Says the same", "", "%", digits=0, missing="no judge of meaning was asked",
    help="How likely one answer says what another does, by the model's own judgement; both ways.",
    formula=r"\frac{P(\mathrm{yes})}{P(\mathrm{yes})+P(\mathrm{no})}",
    source="Kuhn et al. 2023, arXiv 2302.09664; there a model of entailment.",
)  # fmt: skip
ENTAILS = replace(
    JUDGED, name="Entails",
    help="How likely one answer entails another, by the model of entailment that was named.",
    formula=r"P(\mathrm{entailment})",
)  # fmt: skip
CONTRADICTS = replace(
    ENTAILS, name="Contradicts", help="How likely one answer contradicts another, by that model.",
    formula=r"P(\mathrm{contradiction})",
)  # fmt: skip
