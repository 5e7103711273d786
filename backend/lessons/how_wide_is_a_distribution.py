"""How wide is a distribution: equal choices, varentropy, and bars that can be pulled."""

from .base import Lesson, Question, Step, declare
from .claims import about, above, greatest, token

RUN = "tokens?example=text_fact"
PLAY = "playground?example=text_fact"

declare(
    Lesson(
        title="How wide is a distribution?",
        minutes=6,
        summary="What 4.9 nats mean: equal choices, how unequal they are, and what temperature "
        "does.",
        place=30,
        steps=(
            Step(
                "Nats are hard to feel. The exponential of entropy is easier: the model was as "
                "unsure as between 134 equal choices. Which country, of all there are?",
                f"{RUN}&token=3&metric=effective_choices",
                highlight=("t3", "inspector"),
                claims=(
                    token(3, " France"),
                    about("effective_choices", 3, 133.6, 0.05),
                    about("entropy", 3, 4.9, 0.05),
                ),
            ),
            Step(
                "Colour is equal choices now, on a scale of powers of ten.",
                f"{RUN}&token=5&metric=effective_choices",
                question=Question(
                    "Where had it the most to choose from? Click that word.",
                    ({"token": 3},),
                    "Right: 134 equal choices.",
                    "There were fewer choices there.",
                ),
                claims=(greatest("effective_choices", 3),),
            ),
            Step(
                "The eight likeliest words at “Paris”, as sliders. Pull the first one up: the "
                "others shrink, and so does the number of equal choices. Then press “No idea”.",
                f"{PLAY}&token=5",
                highlight=("playground",),
                claims=(token(5, " Paris"),),
            ),
            Step(
                "Two words with the same entropy, 1.7 nats. Here one favourite stands before a "
                "long tail: a few words would be a great surprise. Varentropy says so: 8.2 "
                "nats².",
                f"{RUN}&token=2&metric=varentropy",
                highlight=("t2", "inspector"),
                claims=(
                    token(2, " of"),
                    about("entropy", 2, 1.7, 0.05),
                    about("varentropy", 2, 8.2, 0.05),
                ),
            ),
            Step(
                "And here several words share the probability more evenly: the same entropy, and "
                "a varentropy of only 2.7. For equal choices it would be 0.",
                f"{RUN}&token=21&metric=varentropy",
                highlight=("t21", "inspector"),
                claims=(
                    token(21, " once"),
                    about("entropy", 21, 1.7, 0.05),
                    about("varentropy", 21, 2.7, 0.05),
                ),
            ),
            Step(
                "Temperature flattens a distribution, or sharpens it. Pull it to 2 and watch "
                "equal choices, and what each sampler keeps. Below 1 the favourite takes all.",
                f"{PLAY}&token=21",
                highlight=("playground",),
                claims=(above("entropy", 21, 1),),
            ),
        ),
    )
)
