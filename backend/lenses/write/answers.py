"""Answers: one question asked many times; is it the words that differ, or what is said?"""

from __future__ import annotations

from typing import Any

from ...runs.answers import AnswersRun
from ..base import Example, Lens, declare
from ..panels.table import Column, Table
from ._answer_panels import AnswerPanel, GroupChart, over_numbers, over_temperatures, several

ENDS = {"end": "its own end", "line": "a line break", "length": "cut", "stopped": "stopped"}


def rows(run: Any, axes: tuple[str, ...], sizes: tuple[int, ...]) -> list[Column]:
    """Return temperature, text and ending of every answer."""
    assert isinstance(run, AnswersRun)  # noqa: S101
    answers = run.request.answers
    places = [divmod(each, answers) for each in range(sizes[0] * sizes[1])]
    temperatures = [f"{run.request.temperatures[v]:g}" for v, _ in places]
    return [
        Column(name="text", label="answer", values=[run.texts[v][y] for v, y in places]),
        Column(name="temperature", label="T", values=temperatures),
        Column(
            name="ending", label="ended by", values=[ENDS[run.endings[v][y]] for v, y in places]
        ),
        Column(name="row", label="", values=[y for _, y in places], hidden=True),
    ]


def _example(name: str, title: str, note: str, question: str) -> Example:
    given = {"question": question, "others": ("0.7",), "judge": True}
    return Example(f"answers_{name}", title, note, given)


declare(
    Lens(
        kind="answers",
        title="Answers",
        summary="One question asked many times: do the words differ, or what is said.",
        group="write",
        family="Answers",
        icon="forum",
        place=20,
        figures=("text_entropy_first", "token_entropy_first", "predictive_first"),
        panels=(
            AnswerPanel(
                title="Answers by meaning",
                read="A card is a meaning. Drag an answer onto another card to join them, or press "
                "its ⋯; every number follows. Click a token to see what else was expected.",
                about="Cards hold the answers that the chosen rule joins, most frequent first. "
                "Behind their tokens lies how undecided the model was there. The bar on top parts "
                "the entropy between texts: what lies between meanings, and what is wording only.",
            ),
            AnswerPanel(
                mode="token",
                title="Token",
                read="What the model expected in the place of the token that is pinned, the one "
                "that was drawn marked.",
                area="inspector",
            ),
            AnswerPanel(
                mode="measures",
                title="Measures",
                read="One row a measure, its place between its own least and most, what it needs "
                "and costs beyond the answers. “Duplicates” lets Kuhn's form count equal answers "
                "again and again, as it is often computed.",
                area="timeline",
            ),
            AnswerPanel(
                mode="pairs",
                title="Joined pairs",
                read="Every pair of different texts that counts as one meaning, with what joined "
                "it both ways; then the nearest that stayed apart.",
                area="timeline",
            ),
            GroupChart(
                key="over_numbers",
                title="Fewer answers",
                read="The mean of 200 draws from the same answers, and 10–90 % of them. Where the "
                "line still climbs, more answers would find more meanings.",
                draw=over_numbers,
                of=("semantic_entropy",),
            ),
            GroupChart(
                key="over_temperatures",
                title="Temperatures",
                read="The same question at every temperature that was asked for.",
                about="Token entropy is the model's own, at temperature 1, over the tokens that "
                "were drawn. Groups by hand count at their own temperature only.",
                missing="Give other temperatures under Options to compare with.",
                draw=over_temperatures,
                of=("semantic_entropy", "text_entropy", "nature", "token_entropy"),
                only=several,
            ),
            Table(
                title="Table",
                read="One row an answer, at every temperature.",
                table="temperature_answer",
                axes=("V", "Y"),
                of=("group", "answer_surprisal", "mean_entropy", "ecc_each", "p_true"),
                rows=rows,
            ),
        ),
        examples=(
            _example(
                "colour",
                "Unsure of the word, or of the colour?",
                "Red and red, Blue and blue are one meaning each: some of the entropy between "
                "texts is wording. The rest is no error, as many colours are right.",
                "Name a colour.",
            ),
            _example(
                "france",
                "Does it know the capital of France?",
                "Mostly: seven of ten say Paris. At temperature .7 nearly all do.",
                "What is the capital of France?",
            ),
            _example(
                "burkina",
                "And that of Burkina Faso?",
                "It makes places up: nine meanings in ten answers, none of them Ouagadougou. That "
                "is what semantic entropy was made to catch.",
                "What is the capital of Burkina Faso?",
            ),
            _example(
                "product",
                "What is 17 times 23?",
                "The first token is a blank, of which it is sure; the number is anybody's guess. "
                "Entropy of the first token alone misleads.",
                "What is 17 times 23?",
            ),
        ),
        guide=(
            "Unsure of the words or of the answer. Answers may differ in wording alone: then the "
            "entropy between texts is high and that between meanings is not. Join cards by hand "
            "and see what is left.",
            "Many names for one thing. Three formulas are called semantic entropy: by how often a "
            "meaning came, by the probability of its answers a token, and by sums of "
            "probabilities, which counts equal answers again and again and may fall below 0.",
            "No judge is safe. Cosine of embeddings measures the topic: Paris and France lie "
            "nearer than 7 and 7 days. Look at the joined pairs before believing a number.",
        ),
    )
)
