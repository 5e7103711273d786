"""Sure, unsure, wrong: what entropy and surprisal say together."""

from .base import Lesson, Question, Step, declare
from .claims import about, above, below, greatest, guess, places_where, token

RUN = "tokens?example=text_fact"

declare(
    Lesson(
        title="Sure, unsure, wrong",
        minutes=5,
        summary="Entropy is known before a word comes, surprisal after it: together they tell a "
        "model that errs from one that only cannot know.",
        place=20,
        steps=(
            Step(
                "Sure and right: before “Paris” the model expected it with 77 %. Little entropy, "
                "little surprise.",
                f"{RUN}&token=5",
                highlight=("t5", "inspector"),
                claims=(
                    token(5, " Paris"),
                    guess(5, " Paris", 77),
                    below("entropy", 5, 1.5),
                    below("surprisal", 5, 0.3),
                ),
            ),
            Step(
                "Unsure: any country could follow “The capital of”. Entropy is 4.9 nats. "
                "“France” is no surprise: it cost 2.4 nats, half of that.",
                f"{RUN}&token=3",
                highlight=("t3", "inspector"),
                claims=(
                    token(3, " France"),
                    about("entropy", 3, 4.9, 0.05),
                    about("surprisal", 3, 2.4, 0.05),
                    greatest("entropy", 3),
                ),
            ),
            Step(
                "Unsure and surprised: it thought of many words, and “Earth” was hardly among "
                "them. A new topic begins here, which nobody could know.",
                f"{RUN}&token=16",
                highlight=("t16", "inspector"),
                claims=(
                    token(16, " Earth"),
                    above("entropy", 16, 3.5),
                    above("surprisal", 16, 8),
                    above("rank", 16, 200),
                ),
            ),
            Step(
                "Colour is surprisal now. One word was a great surprise although the model had "
                "hardly any doubt.",
                f"{RUN}&token=15&metric=surprisal&panel=along_entropy",
                highlight=("strip",),
                question=Question(
                    "Find the word with entropy below 0.5 and surprisal above 5 nats. Click it.",
                    ({"token": 32},),
                    "Right. It was sure of “once”, with 95 %, and “about” came.",
                    "Look at both numbers at the right: it needs little entropy and much "
                    "surprisal.",
                ),
                claims=(
                    places_where(
                        "entropy < 0.5 and surprisal > 5",
                        (32,),
                        lambda run: (run.entropy < 0.5) & (run.surprisal > 5),
                    ),
                    token(32, " about"),
                    guess(32, " once", 95),
                ),
            ),
            Step(
                "Sure and wrong: this is where text and model disagree. A typo, an error of "
                "fact, an unusual turn of phrase look like this. In a place of high entropy a "
                "surprise is only chance.",
                f"{RUN}&token=32&metric=gap",
                highlight=("t32", "inspector"),
                claims=(above("gap", 32, 8), greatest("gap", 32)),
            ),
            Step(
                "Surprisal less entropy is the gap. Over text that a model writes itself it is 0 "
                "on average; here it is 0.36 nats. Now try a text of your own: where is it sure, "
                "and wrong?",
                f"{RUN}&token=32&metric=gap&panel=along_gap_walk",
                highlight=("timeline",),
                claims=(about("gap", slice(1, 37), 0.36, 0.005),),
            ),
        ),
    )
)
