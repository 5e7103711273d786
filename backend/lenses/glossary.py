"""The words of the field that the app uses: every declared number, and a short list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ..derived import DERIVED
from ..quantities import Quantity
from ..runs.arrays import array_specs
from .base import LENSES, Lens


@dataclass(frozen=True)
class Term:
    """A word and what it means.

    Attributes:
        name: as it begins a line.
        meaning: one or two sentences.
        also: other forms in which a text names it.
        formula: in LaTeX; empty for none.
        source: of the definition.
        lenses: kinds of the lenses that show it, the best one first.
        alone: whether the word says by itself which term is meant, also inside a sentence.
            "Maximum" does not: it is one only as the label of a number.
    """

    name: str
    meaning: str
    also: tuple[str, ...] = ()
    formula: str = ""
    source: str = ""
    lenses: tuple[str, ...] = ()
    alone: bool = True


_WORDS = (
    Term(
        "Token",
        "A piece of text that the model reads and writes at once: a word, a part of one, a "
        "mark, a byte.",
        ("tokens",),
        lenses=("text",),
    ),
    Term(
        "Vocabulary",
        "All tokens that a model knows; every prediction gives each of them a probability.",
        (),
        lenses=("text",),
    ),
    Term(
        "Logit",
        "The model's score of a token before the softmax turns scores into probabilities.",
        ("logits",),
        lenses=("when_it_knew", "attribution"),
    ),
    Term(
        "Softmax",
        "Turns scores into probabilities that sum to 1.",
        (),
        r"p_v=\frac{e^{z_v}}{\sum_u e^{z_u}}",
        "Bridle 1990.",
        ("text",),
    ),
    Term(
        "Distribution",
        "The probabilities of all tokens at one place; they sum to 1.",
        ("distributions",),
        lenses=("text",),
    ),
    Term(
        "Nat",
        "Unit of information with natural logarithms: e equal choices are 1 nat. 1 nat is "
        "1.4427 bits.",
        ("nats",),
        lenses=("text",),
    ),
    Term(
        "Bit",
        "Unit of information with logarithms to base 2: two equal choices are 1 bit.",
        ("bits",),
        lenses=("text",),
    ),
    Term(
        "KL divergence",
        "What is lost, in nats a token, when one distribution is used where "
        "another is right; 0 for equal ones.",
        ("KL",),
        r"D(p\,\|\,q)=\sum_v p_v\ln\frac{p_v}{q_v}",
        "Kullback and Leibler 1951.",
        ("divergence", "trajectories"),
    ),
    Term(
        "Attention head",
        "One of the parallel parts of an attention layer: from every token it "
        "looks back, with weights that sum to 1.",
        ("attention heads",),
        source="Vaswani et al. 2017.",
        lenses=("attention",),
    ),
    Term(
        "Attention pattern",
        "The weights of a head: how much every token looks at every token before it.",
        ("attention weights",),
        lenses=("attention",),
    ),
    Term(
        "Attention sink",
        "A token, most often the first, that heads look at when they look for nothing.",
        ("sink", "sinks", "attention sinks"),
        source="Xiao et al. 2024, arXiv 2309.17453.",
        lenses=("attention",),
    ),
    Term(
        "Induction head",
        "A head that looks at what followed the last time the same token stood "
        "there, and so continues repetitions.",
        ("induction heads",),
        source="Olsson et al. 2022, arXiv 2209.11895.",
        lenses=("attention",),
    ),
    Term(
        "Layer",
        "One of the steps through which a text goes: attention, then an MLP, each adding "
        "to the hidden state.",
        ("layers",),
        lenses=("residual_norms",),
    ),
    Term(
        "MLP",
        "The part of a layer that works on every token by itself.",
        ("MLPs",),
        lenses=("neurons",),
    ),
    Term(
        "Hidden state",
        "The vector that stands for a token inside the model; every layer adds to it.",
        ("hidden states", "residual stream"),
        lenses=("residual_norms", "spectra"),
    ),
    Term(
        "Logit lens",
        "Reading a hidden state of the middle as if it were the last, by the model's own "
        "output head.",
        ("tuned lens",),
        source="nostalgebraist 2020.",
        lenses=("when_it_knew",),
    ),
    Term(
        "Sampler",
        "The rule that picks the next token from the distribution.",
        ("samplers",),
        lenses=("trajectories",),
    ),
    Term(
        "Greedy",
        "Always takes the likeliest token.",
        ("greedy decoding",),
        lenses=("trajectories",),
    ),
    Term(
        "Temperature",
        "Divides all logits before the softmax: below 1 the distribution gets sharper, above "
        "1 flatter.",
        (),
        r"p_v\propto e^{z_v/T}",
        "Ackley et al. 1985.",
        ("trajectories",),
    ),
    Term(
        "Top-k",
        "Keeps the k likeliest tokens.",
        (),
        source="Fan et al. 2018, arXiv 1805.04833.",
        lenses=("trajectories",),
    ),
    Term(
        "Top-p",
        "Keeps the likeliest tokens that together hold the share p: the nucleus.",
        ("nucleus sampling", "nucleus"),
        source="Holtzman et al. 2020, arXiv 1904.09751.",
        lenses=("trajectories",),
    ),
    Term(
        "Min-p",
        "Keeps tokens with at least a share of the likeliest one's probability.",
        (),
        source="Nguyen et al. 2024, arXiv 2407.01082.",
        lenses=("trajectories",),
    ),
    Term(
        "Seed",
        "The number from which random draws follow: the same seed gives the same luck.",
        ("seeds",),
        lenses=("trajectories",),
    ),
    Term(
        "Beginning-of-sequence token",
        "A token in front of the text that some models were trained with.",
        ("BOS", "BOS token"),
        lenses=("text",),
    ),
    Term(
        "Expert",
        "One of several MLPs of a layer, of which a router chooses a few for every token.",
        ("experts", "mixture of experts"),
        source="Shazeer et al. 2017, arXiv 1701.06538.",
        lenses=("router",),
    ),
)

_EVERYDAY = "text"
"""The lens whose numbers the whole app speaks of: their names are clear in any sentence."""

_CLEAR = {"entropy", "surprisal", "rank", "norm", "choices", "neurons"}
"""A name of several words is clear in a sentence if one of these is among them."""

_PART_OF_A_LIST = "…"
"""How a name begins that only makes sense below another one."""


@cache
def glossary() -> tuple[Term, ...]:
    """Return all terms by name; of numbers with one name, what the first lens says of it."""
    found = {form: each for each in _WORDS for form in (each.name.lower(), *each.also)}
    terms = list(_WORDS)
    for kind in sorted(LENSES, key=lambda each: each != _EVERYDAY):
        for of in _quantities(LENSES[kind]):
            known = of.name.lower() in found or of.name.startswith(_PART_OF_A_LIST)
            if of.help and not known:
                term = _term(of, kind)
                found[of.name.lower()] = term
                terms.append(term)
    return tuple(sorted(terms, key=lambda each: each.name.lower().lstrip("▲▼ ")))


def _quantities(lens: Lens) -> Iterator[Quantity]:
    for spec in array_specs(lens.run_type).values():
        if spec.quantity is not None:
            yield spec.quantity
    for each in DERIVED.get(lens.kind, {}).values():
        yield each.quantity


def _term(of: Quantity, kind: str) -> Term:
    words = of.name.lower().split()
    alone = kind == _EVERYDAY if len(words) == 1 else not _CLEAR.isdisjoint(words)
    meaning = of.help if of.help.endswith((".", "!", "?", "…")) else f"{of.help}."
    return Term(of.name, meaning, (), of.formula, of.source, (kind,), alone)
