"""What is said of heads: their controls, their numbers, and the kinds there are."""

from __future__ import annotations

from ..panels.heads import HeadKind

GRID = {
    "flags": "▲ marks heads in the upper range of mean entropies, ▼ heads near zero.",
    "scale": "Entropy that counts as 1. Entropy-Guided Attention divides by the highest head that "
    "was observed.",
    "upper": "▲ Overload from: 0.75 is the paper's top quarter.",
    "lower": "▼ Collapse up to: the paper names no number, 0.05 is ours.",
    "positions": "Means are taken over these tokens. The first tokens see little, which pulls "
    "means down.",
    "single": "The text has a single token.",
    "first": "Hide the first token. Most heads rest on it when they have nothing to do; this shows "
    "how the remaining weight is spread (within 0.02 nats, where at least 1 % remains).",
    "order": "Sort heads: by entropy within each layer, lowest first.",
    "span": "Colours span this text. Off: a fixed range, so that texts can be compared.",
    "token": "How widely each head looked from this one token.",
}

ROWS = {
    "all": "Means over all tokens as queries.",
    "some": "Means over the tokens {start} to {last} as queries.",
    "lowest": "Lowest entropy",
    "floor": "… at token {token}, whose scores allow at least",
    "spectral": "σ = ‖W_K W_Qᵀ‖₂ · scale",
    "spectral_missing": "σ is not defined here: the scores are no fixed product of two weight "
    "matrices. Qwen3 and Gemma 3, for example, normalise queries and keys after the projection.",
    "second": "Compare with a second head.",
    "alone": "There is no second head to compare with.",
}

PATTERN = {
    "whole": "Rows look, columns are looked at. Drag to zoom, double-click to see all.",
    "overview": "Each field shows its largest weight, so single bright tokens stay visible. Rows "
    "look, columns are looked at.",
    "rows": "Rows look, columns are looked at. The nearest columns are shown first: double-click "
    "to see all, drag to zoom.",
    "hidden": "The first token is hidden.",
    "offer": "A run keeps numbers per head and token, not the weights of every head. The model "
    "computes one pattern in a moment.",
    "loading": "The model is not loaded yet, which takes some seconds more.",
    "pin": "Pin a token to see the rows about it, exact and with their tokens.",
    "other_tokens": "The model of this machine reads the text as other tokens than the run did, "
    "so its pattern is not shown.",
    "doubt": "This pattern is not quite that of the run: the entropy of its rows differs by up to "
    "{away} nats. The run was made with other weights or another precision than the model of this "
    "machine has.",
}

KINDS = (
    HeadKind(
        "previous",
        "Previous-token head",
        "Looks at the token just before: a line beside the diagonal. In the repeated example it "
        "puts more than 80 % of its weight there in every round, and its entropy, about 0.5 nats, "
        "is less than a third of the average head's.",
        "previous_mass",
        "It tells a token what came before it, which induction heads build on (Olsson et al. "
        "2022, arXiv 2209.11895).",
    ),
    HeadKind(
        "induction",
        "Induction head",
        "Finds the last time this token occurred and looks at what followed it. In the first "
        "round of the repeated example there is nothing to find, and more than 80 % of its weight "
        "rests on the first token. From the second round on more than 60 % of it is on what "
        "followed last time. Its entropy rises then, from 0.4 nats to about 0.8: to rest on one "
        "token is surer than to copy.",
        "induction_mass",
        "It copies (Olsson et al. 2022, arXiv 2209.11895).",
    ),
    HeadKind(
        "sink",
        "Sink head",
        "Rests on the first token. In the repeated example the clearest one has all its weight "
        "there: its entropy is 0 and says nothing of the text. Without the first token less than "
        "1 % of its weight is left.",
        "first_mass",
        "Weight that a head has no use for goes there (Xiao et al. 2023, arXiv 2309.17453).",
    ),
    HeadKind(
        "itself",
        "Current-token head",
        "Looks at the token itself: a bright diagonal. In the repeated example more than 60 % of "
        "its weight is there in every round, and its entropy is below the average head's.",
        "self_mass",
    ),
    HeadKind(
        "uniform",
        "Averaging head",
        "Spreads over everything it sees, so its entropy is near ln(visible tokens): 94 % of it in "
        "the repeated example. The five most even heads are in the first layer there.",
        "share",
        share_of="of the maximum entropy",
    ),
)
"""Found in the shipped run "attention_repeated", whose text has five equal rounds."""
