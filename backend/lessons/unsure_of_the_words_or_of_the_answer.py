"""Unsure of the words or of the answer: entropy of texts against entropy of meanings."""

from .base import Claim, Lesson, Question, Step, declare
from .claims import about, above, below


def look(run: str, rest: str = "") -> str:
    """Return the address of Answers on a shipped run."""
    return f"answers?example=answers_{run}{rest}"


def cards(chosen: str) -> str:
    """Return what is chosen for the cards, as an address holds it."""
    return f'&choices={{"cards":{{{chosen}}}}}'


def came(text: str, times: int, temperature: int = 0) -> Claim:
    """Claim how often an answer came."""
    return Claim(
        f"{text!r} came {times} times",
        lambda run: run.texts[temperature].count(text) == times,
    )


declare(
    Lesson(
        title="Unsure of the words or of the answer?",
        minutes=7,
        summary="Many answers to one question: when differing texts say the same, and when a "
        "model makes things up.",
        place=65,
        steps=(
            Step(
                "Ten times the same question: name a colour. A card is a meaning. “Red” and “red” "
                "are two texts and one meaning, so that part of the entropy between texts is mere "
                "wording: .42 of 2.03 nats.",
                look("colour"),
                highlight=("stage",),
                claims=(
                    came("Red", 2),
                    came("red", 2),
                    about("text_entropy_first", (), 2.03, 0.005),
                    about("semantic_entropy_first", (), 1.61, 0.005),
                ),
            ),
            Step(
                "Does it know the capital of France? Seven of ten say Paris. Semantic entropy is "
                ".80 nats: mostly sure, with slips.",
                look("france"),
                claims=(came("Paris", 7), about("semantic_entropy_first", (), 0.80, 0.005)),
            ),
            Step(
                "And of Burkina Faso? Nine meanings in ten answers, no one right: it makes places "
                "up. Semantic entropy 2.16 of at most 2.30 nats gives that away, without knowing "
                "the answer.",
                look("burkina"),
                claims=(
                    came("Ouagadougou", 0),
                    about("meanings_first", (), 9, 0),
                    about("semantic_entropy_first", (), 2.16, 0.005),
                ),
            ),
            Step(
                "What is 17 times 23? Before the first token it is all but sure, .40 nats: a blank "
                "comes. The entropy of one token says little of the answer.",
                look("product", "&row=1&step=0"),
                highlight=("inspector",),
                question=Question(
                    "Click the token of the answer 38 at which it was least sure.",
                    ({"row": 1, "step": 3},),
                    "Right: whether a third digit follows, 2.3 nats. All ten answers differ.",
                    "Compare the entropies at the right.",
                ),
                claims=(
                    about("entropy", (0, 1, 0), 0.40, 0.005),
                    about("entropy", (0, 1, 3), 2.3, 0.05),
                    below("entropy", (0, 1, 2), 2.25),
                    about("meanings_first", (), 10, 0),
                ),
            ),
            Step(
                "But high entropy is no error: any colour is right, oil is not. It takes a reader "
                "to tell. Drag cards onto each other, and every number follows.",
                look("colour", "&row=3&step=0"),
                claims=(came("oil", 1), above("semantic_entropy_first", (), 1.6)),
            ),
            Step(
                "Beware of the name. Kuhn's form, which counts equal answers again and again, is "
                "−1.45 nats here: no entropy. Each text counted once it is .53.",
                look("france", cards('"temperature":"0.7","duplicates":"1"') + "&panel=measures"),
                highlight=("timeline",),
                claims=(about("kuhn", 1, -1.45, 0.005), about("kuhn_unique", 1, 0.53, 0.005)),
            ),
        ),
    )
)
