"""Guess the next word: cover a tale, guess, and see what the model would have said."""

from .base import Lesson, Question, Step, declare
from .claims import about, above, below, greatest, guess, least, token

RUN = "tokens?example=text_guess"


def _covered(place: int, words: str, *claims, right: str) -> Step:  # noqa: ANN002
    ask = Question(
        "What comes next? Type a word, and see how much it would surprise the model.", right=right
    )
    return Step(words, f"{RUN}&token={place - 1}&cover={place}", question=ask, claims=claims)


declare(
    Lesson(
        title="Guess the next word",
        minutes=6,
        summary="Cover a tale, guess how it goes on, and compare with what a model expected.",
        place=10,
        steps=(
            _covered(
                5,
                "A tale begins, and the rest is covered. A language model does one thing: it "
                "gives every possible next word a probability. You do the same, in your head.",
                guess(5, " was", 74),
                token(5, " was"),
                above("probability", 5, 0.5),
                right="“was”, with 74 %. The bars beside show what else it thought possible.",
            ),
            _covered(
                11,
                "Surprise is counted in nats: −ln of the probability. A word that was certain "
                "has 0; one in a hundred has 4.6.",
                guess(11, " sons", 40),
                guess(11, " daughters", 11, rank=2),
                token(11, " daughters"),
                about("surprisal", 11, 2.2, 0.05),
                right="“daughters” had 11 %: 2.2 nats of surprise. Sons were likelier, with 40 %.",
            ),
            _covered(
                14,
                "A king with three daughters. Readers of fairy tales know about whom it will be.",
                guess(14, " eldest", 45),
                token(14, " youngest"),
                about("surprisal", 14, 3.8, 0.05),
                right="The model bet on the eldest, 45 %. “youngest” cost it 3.8 nats.",
            ),
            _covered(
                21,
                "One last word. What does a princess love above all?",
                guess(21, " to", 19),
                token(21, " arithmetic"),
                above("surprisal", 21, 12),
                above("rank", 21, 1000),
                right="“arithmetic”: thousands of tokens were likelier. 12.9 nats of surprise.",
            ),
            Step(
                "Now all words are coloured by their surprisal: the more colour, the more "
                "surprise.",
                f"{RUN}&token=1&metric=surprisal",
                question=Question(
                    "Which word surprised the model most? Click it.",
                    ({"token": 21},),
                    "Right: 12.9 nats, rarer than throwing 18 heads in a row.",
                    "That one had less. Look for the strongest colour.",
                ),
                claims=(greatest("surprisal", 21), about("surprisal", 21, 12.9, 0.05)),
            ),
            Step(
                "Entropy is another number: how unsure the model was before the word came. It "
                "does not know the word yet.",
                f"{RUN}&token=21",
                question=Question(
                    "Before which word was it surest? Click the palest one.",
                    ({"token": 20},),
                    "Right: after “more” comes “than”, with 98 %. The entropy was 0.14 nats.",
                    "It was less sure there. Look for the palest word.",
                ),
                claims=(
                    least("entropy", 20),
                    guess(20, " than", 98),
                    token(20, " than"),
                    token(19, " more"),
                    about("entropy", 20, 0.14, 0.01),
                    below("entropy", 20, 0.2),
                ),
            ),
        ),
    )
)
