"""The texts that the lenses of Read ship runs over; ours, or in the public domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base import Example


@dataclass(frozen=True)
class Text:
    """A text to look at.

    Attributes:
        title: a question, or a name.
        note: one sentence on what to look at in Tokens.
        token: the token that the note speaks of first.
        fields: further ones of the request that the text needs.
    """

    title: str
    text: str = field(repr=False)
    note: str
    token: int
    fields: Mapping[str, Any] = field(default_factory=dict)


FACT = (
    "The capital of France is Paris, and the capital of Italy is Rome. The Earth goes around the "
    "Sun once a year, and the Moon goes around the Earth about once a month."
)
GARDEN_PATH = (
    "The old man the boat. The horse raced past the barn fell. While Anna dressed the baby spat up "
    "on the bed. The complex houses married and single soldiers and their families."
)
ARITHMETIC = "\n".join(
    ["2 + 3 = 5", "12 + 30 = 42", "7 × 8 = 56", "100 - 1 = 99", "17 + 28 = 45", "123 + 456 = 579"]
)
CODE = '''def fibonacci(n):
    """Return the n-th Fibonacci number."""
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


print([fibonacci(n) for n in range(10)])
'''
LIST = (
    "The days of the week are:\n1. Monday\n2. Tuesday\n3. Wednesday\n4. Thursday\n5. Friday\n"
    "6. Saturday\n7. Sunday\n\nThings to buy:\n- bread\n- butter\n- a second-hand accordion\n"
)
REPEATED = "A blue heron waits where two rivers meet, counting the slow boats home. " * 5
GERMAN = (
    "Es war einmal mitten im Winter, und die Schneeflocken fielen wie Federn vom Himmel herab, da "
    "saß eine Königin an einem Fenster, das einen Rahmen von schwarzem Ebenholz hatte, und nähte."
)
NONSENSE = (
    "’Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\n"
    "All mimsy were the borogoves,\nAnd the mome raths outgrabe.\n\n"
    "xq7 lampshade quorum zvt 9931 of of the purple under seven minus umbrella &&%"
)
CHAT = (
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
    "<|im_end|>\n<|im_start|>user\nWhat is entropy, in one sentence?<|im_end|>\n"
    "<|im_start|>assistant\n"
    "Entropy is the average surprise of an uncertain outcome: the more evenly the possibilities "
    "share the probability, the larger it is."
)

TEXTS: dict[str, Text] = {
    "fact": Text(
        "Does it know its capitals?", FACT,
        "Paris and Rome come as expected; the surprise is which fact comes next: Earth, goes, "
        "about.", 16,
    ),
    "garden_path": Text(
        "Where does the reading break?", GARDEN_PATH,
        "Surprisal jumps where the reading breaks: boat, fell, spat, married.", 12,
    ),
    "arithmetic": Text(
        "Can it add?", ARITHMETIC,
        "The signs soon become certain; the digits after = show that so small a model guesses its "
        "sums.", 37,
    ),
    "code": Text(
        "What is certain in code?", CODE,
        "The name fib is a surprise once; what follows from it is nearly certain, indentation "
        "included.", 1,
    ),
    "list": Text(
        "What comes after Monday?", LIST,
        "From Tuesday on the weekdays cost nothing, while every thing to buy is a new choice.", 53,
    ),
    "repeated": Text(
        "Does it notice a repeated sentence?", REPEATED,
        "Entropy falls with every repetition: the model copies, and is still unsure at the end of "
        "each sentence.", 31,
    ),
    "german": Text(
        "How much German does it know? (Brothers Grimm)", GERMAN,
        "Words of a language the model hardly knows fall into pieces, and the first piece is the "
        "hard one.", 21,
    ),
    "nonsense": Text(
        "What does it make of nonsense? (Lewis Carroll)", NONSENSE,
        "A poem the model knows a little, then words in no order: lampshade, quorum, umbrella.", 53,
    ),
    "chat": Text(
        "How does a chat look from inside?", CHAT,
        "Control tokens are read as such: the change of turns is nearly certain, the words of the "
        "answer are not (surprise, evenly, share).", 43, {"special_tokens": "special"},
    ),
}  # fmt: skip


def examples(
    kind: str, note: str = "", notes: Mapping[str, str] | None = None, **more: Any
) -> tuple[Example, ...]:
    """Return one example of a lens for every text; its first pin is that of Tokens.

    Args:
        kind: of run.
        note: what to look at in this lens; that of Tokens when left out.
        notes: the same for single texts, by name.
        more: fields of the request beside the text's.
    """
    found = []
    for name, text in TEXTS.items():
        said = (notes or {}).get(name) or note or text.note
        fields = {"text": text.text, **text.fields, **more}
        found.append(Example(f"{kind}_{name}", text.title, said, fields, text.token))
    return tuple(found)
