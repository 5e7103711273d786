"""Where did the bits come from: what an answer takes from what was read, and which part told it."""

from math import log
from typing import Any

import numpy as np

from ..derived import number
from .base import Claim, Lesson, Question, Step, declare
from .claims import Place, about, above, greatest, token, value

CASE = "summaries?example=summaries_millbrook&unit=bits"
PAIRS = "threads?example=threads_uuid&unit=bits"
DEPTHS = 9


def bits(name: str, place: Place, expected: float, within: float) -> Claim:
    """Claim that a number is what the words say, in bits, as far as they are rounded."""
    return Claim(
        f"{name}[{place}] ≈ {expected:g} ± {within:g} bits",
        lambda run: abs(value(run, name, place) / log(2) - expected) <= within,
    )


def owes_most(sentence: int, part: int) -> Claim:
    """Claim which sentence of the document a sentence of a summary needs most."""
    return Claim(
        f"sentence {sentence} owes most to {part}",
        lambda run: int(np.argmax(number(run, "owed").values[:, sentence])) == part,
    )


def hardest(depth: int) -> Claim:
    """Claim at which depth answers cost most, on average over all lengths."""

    def holds(run: Any) -> bool:
        costs = number(run, "cost").values.reshape(-1, DEPTHS).mean(0)
        return int(costs.argmax()) == depth

    return Claim(f"the cost is greatest at depth {depth}", holds)


def word(text: str, place: int) -> Claim:
    """Claim which word stands at a place among those tried in a hole."""
    return Claim(f"word {place} is {text!r}", lambda run: run.word(place).strip() == text)


declare(
    Lesson(
        title="Where did the bits come from?",
        minutes=8,
        summary="What a summary, an answer and a hole take from what was read: how much, and "
        "which part told it.",
        place=80,
        steps=(
            Step(
                "Four sentences sum up a case about a boiler. They are read behind the case, and "
                "behind nothing. The difference is what a word takes from it: “tenants” 17 bits, "
                "“December” two.",
                f"{CASE}&panel=words",
                highlight=("timeline",),
                claims=(
                    token(33, " tenants"),
                    bits("gained", 33, 17, 0.5),
                    token(86, " December"),
                    bits("gained", 86, 2, 0.5),
                ),
            ),
            Step(
                "Who told it? Leave one sentence of the case out and read again. “Judge Osei "
                "refused to dismiss the case” misses sentence 7 most: 12 of its 34 bits. Much of "
                "the rest other sentences tell too.",
                CASE,
                highlight=("stage",),
                claims=(owes_most(2, 6), bits("owed", (6, 2), 12, 0.5), bits("taken", 2, 34, 0.5)),
            ),
            Step(
                "Two sentences to check are false. The one with the fire takes .1 bits a token. "
                "But the other takes 1.7, more than a true one: bits tell what was read, not "
                "what is so.",
                f"{CASE}&panel=taken",
                highlight=("timeline",),
                claims=(
                    bits("per_token", 13, 0.1, 0.05),
                    bits("per_token", 12, 1.7, 0.05),
                    bits("per_token", 4, 1.4, 0.05),
                ),
            ),
            Step(
                "Beware of what is said twice. A question asks for a captain whom two sentences "
                "name. Read in order, the first gives the answer 37 bits. Left out, two are lost: "
                "the other sentence has the rest.",
                'flow?example=flow_twice&unit=bits&choices={"bands":{"way":"only"}}',
                highlight=("stage",),
                claims=(bits("sentence_step", 2, 37, 0.5), bits("sentence_only", 2, 2, 0.5)),
            ),
            Step(
                "An identifier has 128 bits that only the haystack can tell. 118 are found on "
                "average, though only half of the answers are exact. Fields show what an answer "
                "costs still.",
                f'{PAIRS}&choices={{"every_question":{{"shown":"cost"}}}}',
                highlight=("stage",),
                question=Question(
                    "At which depth is finding hardest? Click a field there.",
                    tuple({"row": DEPTHS * row} for row in range(5)),
                    "Right: at the beginning, farthest from the question. An answer costs 18 bits "
                    "there, and 5 at the end.",
                    "Other columns cost more, from top to bottom.",
                ),
                claims=(
                    bits("mean_retrieved", (), 118, 0.5),
                    about("accuracy", (), 0.5, 0.04),
                    hardest(0),
                    bits("cost", slice(0, None, DEPTHS), 18, 0.5),
                    bits("cost", slice(DEPTHS - 1, None, DEPTHS), 5, 0.5),
                ),
            ),
            Step(
                "In prose, an answer costs 11.8 bits without the haystack and .1 with it. Which "
                "head fetches them? L21.H8 looks at the answer with 84 % of its weight: nearly "
                "1,000 times an even share.",
                "threads?example=threads_facts&unit=bits&panel=map_mean_lift",
                highlight=("timeline",),
                claims=(
                    bits("mean_alone", (), 11.8, 0.05),
                    bits("mean_cost", (), 0.1, 0.05),
                    about("mass", (slice(None), 21, 8), 0.84, 0.005),
                    above("mean_lift", (21, 8), 950),
                ),
            ),
            Step(
                "Bits come from behind, too. The left side expects “name” in the loop. Two lines "
                "further, person is printed: that word rises from 7 % to 99.9 %. The right side "
                "told 3.8 bits.",
                "holes?example=holes_loop&unit=bits",
                highlight=("stage",),
                claims=(
                    word("name", 0),
                    greatest("before", 0),
                    word("person", 2),
                    about("before", 2, 0.07, 0.005),
                    about("after", 2, 0.999, 0.0005),
                    bits("told_by_right", (), 3.8, 0.05),
                ),
            ),
        ),
    )
)
