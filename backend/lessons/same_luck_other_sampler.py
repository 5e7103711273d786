"""Same luck, other sampler: what each keeps of one distribution."""

from .base import Lesson, Question, Step, declare
from .claims import about, above, below, drawn, kept

RUN = "samplers?example=trajectories_classics"
GREEDY, FREE, TOP_K, TOP_P, MIN_P = range(5)

declare(
    Lesson(
        title="Same luck, other sampler",
        minutes=6,
        summary="Five samplers on one distribution: how many tokens each keeps, and how much "
        "that depends on the model's doubt.",
        place=60,
        steps=(
            Step(
                "Five samplers begin with one prompt and one distribution. At the right each has "
                "a column: what it keeps of the model's bars. Greedy keeps one token, "
                "temperature all 49,152.",
                f"{RUN}&row=3&step=0",
                highlight=("inspector",),
                claims=(
                    kept(GREEDY, FREE, 0, 1),
                    kept(FREE, FREE, 0, 49_152),
                    about("entropy", (FREE, 0, 0), 2.26, 0.005),
                ),
            ),
            Step(
                "Here the model is rather sure. Top-k keeps 50 whatever happens, top-p 15, min-p "
                "2: only what has a tenth of the favourite's share.",
                f"{RUN}&row=3&step=0",
                highlight=("r3s0", "inspector"),
                claims=(
                    kept(TOP_K, FREE, 0, 50),
                    kept(TOP_P, FREE, 0, 15),
                    kept(MIN_P, FREE, 0, 2),
                ),
            ),
            Step(
                "One step on it has no favourite: entropy is 5.8 nats. Top-k still keeps 50 "
                "tokens, and loses 44 % of the probability.",
                f"{RUN}&row=3&step=1",
                highlight=("r3s1", "inspector"),
                question=Question(
                    "Which sampler keeps the most here, besides temperature? Click any token of "
                    "its row.",
                    ({"row": 9}, {"row": 10}, {"row": 11}),
                    "Right: top-p must keep 709 tokens to hold 90 %. Min-p keeps 29.",
                    "Look at the counts under the bars.",
                ),
                claims=(
                    above("entropy", (FREE, 0, 1), 5.7),
                    kept(TOP_K, FREE, 1, 50),
                    kept(TOP_P, FREE, 1, 709),
                    kept(MIN_P, FREE, 1, 29),
                    about("kept_mass", (TOP_K, 0, 1), 0.56, 0.005),
                ),
            ),
            Step(
                "Colour is the number of kept tokens. Top-p breathes with the model's doubt: "
                "from 1 token to 709. Top-k does not.",
                f"{RUN}&row=9&step=1&metric=kept_count",
                highlight=("samplers",),
                claims=(
                    about("kept_count", (TOP_P, 0, 1), 709, 0),
                    about("kept_count", (TOP_P, 0, 7), 1, 0),
                    about("kept_count", (TOP_K, 0, slice(0, 32)), 50, 0),
                ),
            ),
            Step(
                "Same luck, and yet other texts: rows agree as long as what luck points at is "
                "kept by both. Temperature and top-p part at step 8, all leave greedy at step 1.",
                f"{RUN}&row=3&step=8&panel=tree",
                highlight=("timeline",),
                claims=(
                    drawn(FREE, 7, " of"),
                    drawn(TOP_P, 7, " of"),
                    drawn(FREE, 8, " wooden"),
                    drawn(TOP_P, 8, " the"),
                    drawn(GREEDY, 1, " crew"),
                    drawn(FREE, 1, " horrors"),
                    drawn(TOP_K, 1, " sun"),
                ),
            ),
            Step(
                "Over three texts each the mean surprisal falls as the cut gets harder: 3.1 nats "
                "without one, 2.4 with top-p, 1.8 with min-p, 1.1 greedy. Add a sampler and try "
                "your own.",
                f"{RUN}&row=3&step=8&metric=surprisal",
                highlight=("samplers",),
                claims=(
                    about("surprisal", FREE, 3.1, 0.05),
                    about("surprisal", TOP_P, 2.4, 0.051),
                    about("surprisal", MIN_P, 1.8, 0.05),
                    about("surprisal", GREEDY, 1.1, 0.05),
                    below("surprisal", GREEDY, 1.2),
                ),
            ),
        ),
    )
)
