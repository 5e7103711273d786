"""Where did it look: one head, one word, and what an induction head truly does."""

from .base import Lesson, Question, Step, declare
from .claims import above, below, best_head, heads_above, token

RUN = "attention?example=attention_repeated"
TEXT = "tokens?example=text_repeated"

declare(
    Lesson(
        title="Where did it look?",
        minutes=7,
        summary="Attention, one head and one word at a time: previous tokens, sinks, and the "
        "head that finds what came next the last time.",
        place=40,
        steps=(
            Step(
                "One sentence, five times. To guess what follows a word, the model looks back at "
                "others. Colour shows where head L16.H0 looks from the marked word: at the word "
                "before it.",
                f"{RUN}&token=36&head=16.0",
                highlight=("t36", "t35"),
                claims=(token(36, " waits"), above("previous_mass", (16, 0, 36), 0.9)),
            ),
            Step(
                "Another head: L17.H5. It looks from “waits” at something further back. Point at "
                "words to see where they look.",
                f"{RUN}&token=36&head=17.5",
                question=Question(
                    "At which word does it look most? Click it.",
                    ({"token": 21}, {"token": 5}),
                    "Right: “where”, the word that followed “waits” the last time.",
                    "It looks elsewhere. Go back a step and on again to see it once more.",
                ),
                claims=(
                    token(20, " waits"),
                    token(21, " where"),
                    token(4, " waits"),
                    token(5, " where"),
                    above("induction_mass", (17, 5, 36), 0.9),
                    below("first_mass", (17, 5, 36), 0.05),
                ),
            ),
            Step(
                "That is an induction head. It does not look at the same word, but at the one "
                "behind it: what came next the last time may come next again.",
                f"{RUN}&token=36&head=17.5",
                highlight=("t5", "t21"),
                claims=(above("induction_mass", (17, 5, slice(32, 80)), 0.5),),
            ),
            Step(
                "All 270 heads at once. Colour is how much they look at what came next the last "
                "time. Few do.",
                f"{RUN}&token=36&head=16.0&attention.measure=induction_mass",
                highlight=("heads",),
                question=Question(
                    "Which head does it most? Click it in the grid.",
                    ({"head": [17, 5]},),
                    "Right: L17.H5, with 54 % of its weight on average.",
                    "Another one has more. Look in layer 17.",
                ),
                claims=(
                    best_head("induction_mass", (17, 5)),
                    above("induction_mass", (17, 5), 0.54),
                ),
            ),
            Step(
                "And most of what heads do is nothing: they rest on the first token, the sink. "
                "75 of 270 have more than half of their weight there; L18.H8 all of it.",
                f"{RUN}&token=36&head=18.8&attention.measure=first_mass",
                highlight=("heads", "t0"),
                claims=(
                    above("first_mass", (18, 8, 36), 0.99),
                    above("first_mass", slice(None), 0.35),
                    heads_above("first_mass", 0.5, 75),
                ),
            ),
            Step(
                "What it is good for: the first time the sentence is full of surprises, 6.8 nats "
                "a token. From the second time on it is nearly known by heart: 0.9, then 0.2.",
                f"{TEXT}&token=36&metric=surprisal",
                highlight=("strip",),
                claims=(
                    above("surprisal", slice(1, 16), 6.7),
                    below("surprisal", slice(17, 32), 0.95),
                    below("surprisal", slice(33, 48), 0.2),
                ),
            ),
        ),
    )
)
