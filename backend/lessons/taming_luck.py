"""Taming luck: two samplers race token by token with the same luck; where they part; a branch."""

from .base import Lesson, Question, Step, declare
from .claims import about, above, below, drawn, same_until

RUN = "samplers?example=trajectories_race"

declare(
    Lesson(
        title="Taming luck",
        minutes=6,
        summary="Two samplers write from one prompt with the same random numbers: watch where "
        "they part, and what it costs.",
        place=50,
        steps=(
            Step(
                "Writing is drawing: from every distribution one token is picked at random. Both "
                "rows have the same luck, the same random number at every step. The lower one "
                "may only draw from the likeliest 90 %.",
                f"{RUN}&row=0&step=0",
                highlight=("r0s0", "r1s0"),
                claims=(
                    drawn(0, 0, " the"),
                    drawn(1, 0, " the"),
                    about("kept_mass", (1, 0, 0), 0.9, 0.01),
                ),
            ),
            Step(
                "Even an unlikely word can stand in both: “horrors” was the 246th guess, and "
                "still inside the 90 %, as the model had no favourite here.",
                f"{RUN}&row=0&step=1",
                highlight=("r0s1", "r1s1", "inspector"),
                claims=(
                    drawn(0, 1, " horrors"),
                    drawn(1, 1, " horrors"),
                    about("rank", (0, 0, 1), 246, 0),
                    above("entropy", (0, 0, 1), 5),
                ),
            ),
            Step(
                "Press play, or walk with the arrow keys over the text: the rows go on in step, "
                "until one draws what the other may not.",
                f"{RUN}&row=0&step=2",
                highlight=("r0s2", "r1s2"),
                question=Question(
                    "At which step do they part? Click the token.",
                    ({"step": 8},),
                    "Right: “wooden” had 1.6 %, outside of the 90 % that two tokens held.",
                    "There they still agree, or have parted before. Compare word by word.",
                ),
                claims=(
                    same_until(8),
                    drawn(0, 8, " wooden"),
                    drawn(1, 8, " the"),
                    about("drawn_probability", (0, 0, 8), 0.016, 0.001),
                    about("kept_count", (1, 0, 8), 2, 0),
                ),
            ),
            Step(
                "At the fork the model was rather sure: “the”, 88 %. Top-p kept two tokens and "
                "took it. Without a cut a rare draw happens sooner or later, and all that "
                "follows builds on it.",
                f"{RUN}&row=1&step=8",
                highlight=("r0s8", "r1s8", "inspector"),
                claims=(
                    below("entropy", (1, 0, 8), 0.8),
                    about("surprisal", (1, 0, 8), 0.125, 0.005),
                    about("kept_count", (1, 0, 8), 2, 0),
                ),
            ),
            Step(
                "What it costs: after the fork the upper text surprises the model by 3.3 nats a "
                "token, the lower one by 1.9. Surprise is not bad by itself: a text without it "
                "says nothing new.",
                f"{RUN}&row=0&step=9&metric=surprisal",
                highlight=("samplers",),
                claims=(
                    about("surprisal", (0, 0, slice(9, 40)), 3.3, 0.05),
                    about("surprisal", (1, 0, slice(9, 40)), 1.9, 0.05),
                ),
            ),
            Step(
                "Now take the other way yourself: at any token, Branch goes on from there, with "
                "a token of your choice. Leave the lesson and try it.",
                f"{RUN}&row=0&step=8&panel=tree",
                highlight=("r0s8",),
                claims=(drawn(0, 8, " wooden"),),
            ),
        ),
    )
)
