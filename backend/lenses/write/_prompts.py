"""What the lens Samplers ships, and what there is to learn from it."""

from __future__ import annotations

from typing import Any

from ...runs.trajectories import plans
from ..base import Example

STORY = "The old lighthouse keeper opened the door and saw"
LOOP = "The most important thing to know about rivers is that"
ADVICE = "What should I do on a rainy afternoon?"
QUESTION = "Write the first lines of a story about a clock that runs backwards."

HOT = 1.8


def _example(name: str, title: str, note: str, samplers: list[Any], **fields: Any) -> Example:
    given = {"samplers": plans(samplers), "compare": True, **fields}
    return Example(f"trajectories_{name}", title, note, given)


EXAMPLES = (
    _example(
        "classics",
        "Where do the classics part ways?",
        "All samplers share their luck: a text leaves the others only where its sampler does "
        "something else. Look at the kept count where the model becomes sure.",
        [
            "greedy",
            "temperature",
            ("top_k", {"k": 50}),
            ("top_p", {"p": 0.9}),
            ("min_p", {"min_p": 0.1}),
        ],
        prompt=STORY,
        steps=48,
        seeds=(0, 1, 2),
    ),
    _example(
        "entropy_aware",
        "What do samplers do that look at entropy?",
        "Top-H spends an entropy budget, eta lowers its floor where the model is unsure, typical "
        "may drop even the most likely token, entropix changes its ways with the state.",
        ["greedy", "typical", "eta", "top_n_sigma", "top_h", "entropix", "mirostat_v2"],
        prompt=ADVICE,
        chat=True,
        steps=48,
        seeds=(1, 2),
    ),
    _example(
        "traps",
        "When does a text get dull, and when does it fall apart?",
        "Greedy circles around beauty and k = 2 grows ever more predictable; k = 2000 loses the "
        "thread. Both mirostats move their cut so that the surprise stays near 3 bits.",
        [
            "greedy",
            ("top_k", {"k": 2}),
            ("top_k", {"k": 2000}),
            "mirostat_v1",
            "mirostat_v2",
        ],
        prompt=LOOP,
        steps=128,
        seeds=(2,),
    ),
    _example(
        "hot",
        "Who stays readable when it is hot?",
        f"At T = {HOT} the tail is heavy. Min-p, top-H and top-nσ follow the model's confidence "
        "and stay readable where top-k and top-p do not.",
        [
            "greedy",
            *(
                (name, {"temperature": HOT})
                for name in ("temperature", "top_k", "top_p", "min_p", "top_h")
            ),
            ("top_n_sigma", {"temperature": HOT}),
            "entropix",
        ],
        prompt=QUESTION,
        chat=True,
        steps=56,
        seeds=(5,),
    ),
    _example(
        "race",
        "Who leaves whom?",
        "The same luck for both: they write the same text until top-p cuts what was drawn.",
        ["temperature", ("top_p", {"p": 0.9})],
        prompt=STORY,
        steps=40,
        seeds=(0,),
    ),
)

GUIDE = (
    "Boredom and confusion. Decode greedy, top-k with k = 2 and k = 2,000, and mirostat with 100 "
    "steps. With k = 2 the text soon circles: entropy and surprisal sink towards 0 and repeated "
    "4-grams rise. With k = 2,000 each odd token makes the next one odder: surprisal climbs. "
    "Mirostat starts alike, then moves its cut μ against every surprise: the dots scatter around "
    "τ and stay there.",
    "Why min-p and top-H react to confidence. Pin a step where the model is sure, then one where "
    "it is not. Top-k keeps the same number at both. Min-p's floor is a share of the likeliest "
    "token's probability, so it rises with confidence. Top-H allows only α times the model's own "
    "entropy, so a sure step has no room for a second token. In One distribution, go from Sure to "
    "No idea and count the kept tokens.",
    "What temperature does to each. Entropy grows with T at the rate V/T, the varentropy over the "
    "temperature: not at all for a uniform or a certain distribution. Put first, heat changes "
    "what top-p, min-p, typical and top-H keep, because they judge the heated distribution; top-k "
    "and top-n-σ keep the same set at every T. Put last, it only reshuffles probability among "
    "what was kept.",
    "Raw and final. Entropy, surprisal and perplexity here are the model's own, before the "
    "sampler. What the token was drawn from has its own numbers: entropy after the sampler, drawn "
    "with and KL to the model, which for a pure cut is −ln of the kept mass.",
)
