"""The examples of the trajectory study: requests only, no models."""

from __future__ import annotations

from backend.runs import TrajectoryRequest
from backend.runs.trajectories import plans

STORY = "The old lighthouse keeper opened the door and saw"
LOOP = "The most important thing to know about rivers is that"
ADVICE = "What should I do on a rainy afternoon?"
QUESTION = "Write the first lines of a story about a clock that runs backwards."

HOT = 1.8

REQUESTS = {
    "trajectories_classics": (
        "The classics",
        "All samplers share their luck: a text leaves the others only where its sampler does "
        "something else. Look at the kept count where the model becomes sure.",
        TrajectoryRequest(
            prompt=STORY,
            samplers=plans(
                [
                    "greedy",
                    "temperature",
                    ("top_k", {"k": 50}),
                    ("top_p", {"p": 0.9}),
                    ("min_p", {"min_p": 0.1}),
                ]
            ),
            steps=48,
            seeds=(0, 1, 2),
            compare=True,
        ),
    ),
    "trajectories_entropy_aware": (
        "Samplers that look at entropy",
        "Top-H spends an entropy budget, eta lowers its floor where the model is unsure, typical "
        "may drop even the most likely token, entropix changes its ways with the state.",
        TrajectoryRequest(
            prompt=ADVICE,
            chat=True,
            samplers=plans(
                ["greedy", "typical", "eta", "top_n_sigma", "top_h", "entropix", "mirostat_v2"]
            ),
            steps=48,
            seeds=(1, 2),
            compare=True,
        ),
    ),
    "trajectories_traps": (
        "Boredom and confusion traps",
        "Greedy circles around beauty and k = 2 grows ever more predictable; k = 2000 loses the "
        "thread. Both mirostats move their cut so that the surprise stays near 3 bits.",
        TrajectoryRequest(
            prompt=LOOP,
            samplers=plans(
                [
                    "greedy",
                    ("top_k", {"k": 2}),
                    ("top_k", {"k": 2000}),
                    "mirostat_v1",
                    "mirostat_v2",
                ]
            ),
            steps=128,
            seeds=(2,),
            compare=True,
        ),
    ),
    "trajectories_hot": (
        "The same samplers, hot",
        f"At T = {HOT} the tail is heavy. Min-p, top-H and top-nσ follow the model's confidence "
        "and stay readable where top-k and top-p do not.",
        TrajectoryRequest(
            prompt=QUESTION,
            chat=True,
            samplers=plans(
                [
                    "greedy",
                    *(
                        (name, {"temperature": HOT})
                        for name in ("temperature", "top_k", "top_p", "min_p", "top_h")
                    ),
                    ("top_n_sigma", {"temperature": HOT}),
                    "entropix",
                ]
            ),
            steps=56,
            seeds=(5,),
            compare=True,
        ),
    ),
}
