"""Reading long texts: small map, curve, windows, peaks, coverage."""

from .base import Lesson, Question, Step, declare
from .claims import about, extreme_window, greatest, length, sees_all, token

RUN = "tokens?example=text_long"

declare(
    Lesson(
        title="Reading long texts",
        minutes=6,
        summary="A chapter of Alice in Wonderland: how to find the places that matter among "
        "1,229 tokens.",
        place=70,
        steps=(
            Step(
                "1,229 tokens do not fit the screen. The small map beside the text shows all of "
                "them: click a place on it, or drag, to go there.",
                f"{RUN}&token=1",
                highlight=("strip",),
                claims=(length(1229),),
            ),
            Step(
                "The curve of single tokens is a thicket. The thick line is the mean over 50 "
                "tokens: it shows passages. Its highest point, 3.8 nats, is where Alice gets "
                "sleepy.",
                f"{RUN}&token=68&tokens.window=50&metric=window_entropy&panel=along_entropy",
                highlight=("timeline",),
                claims=(
                    extreme_window("entropy", 50, 68),
                    about("entropy", slice(68, 118), 3.8, 0.005),
                ),
            ),
            Step(
                "Where was it least surprised? In the 50 tokens from here on, 2.2 nats: “Do cats "
                "eat bats?” comes again and again, and what was read once is expected.",
                f"{RUN}&token=1101&tokens.window=50&metric=surprisal",
                highlight=("t1101",),
                claims=(
                    extreme_window("surprisal", 50, 1101, least=True),
                    about("surprisal", slice(1101, 1151), 2.2, 0.05),
                ),
            ),
            Step(
                "A peak is one word that nobody expected: after “take out of it, and” came "
                "“burning”, with 15.4 nats.",
                f"{RUN}&token=280&metric=surprisal&panel=along_entropy",
                question=Question(
                    "Click “burning” in the text, or the peak in the curve.",
                    ({"token": 282},),
                    "Right: the most surprising token of the chapter.",
                    "It stands a little further on: “and burning with curiosity”.",
                ),
                claims=(
                    token(282, " burning"),
                    greatest("surprisal", 282),
                    about("surprisal", 282, 15.4, 0.05),
                ),
            ),
            Step(
                "Sure and wrong happens in Carroll too. After “for fear of killing somebody, so” "
                "the model was sure, with an entropy of 0.7; “managed” cost 12.5 nats.",
                f"{RUN}&token=537&metric=gap",
                highlight=("t537", "inspector"),
                claims=(
                    token(537, " managed"),
                    about("entropy", 537, 0.7, 0.05),
                    about("surprisal", 537, 12.5, 0.05),
                ),
            ),
            Step(
                "Numbers deep in a text mean what they say only if the model saw all that stands "
                "before. Under “All numbers” at the right stands how many it had read: 1,101, "
                "all of them.",
                f"{RUN}&token=1101",
                highlight=("inspector",),
                claims=(sees_all(),),
            ),
        ),
    )
)
