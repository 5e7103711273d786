"""Training: small networks that learn while one watches, side by side."""

from __future__ import annotations

from ..base import Example, Lens, declare
from ..panels.training import Learning, Notes
from ._training_papers import PAPERS

_BAGS = (("scenario", "one clean zero"), ("weight", 1.0), ("learning_rate", 0.002))

SHOWN = {
    "collapse": ("Attention collapse", "The plain fast network's lowest head is below a fifth of "
                 "its entropy by step 60; its loss sticks above that of counted pairs."),
    "guided_attention": ("Entropy-guided attention", "Without norms the deepest layer ends at a "
                         "tenth of its entropy; with the penalty at nearly half."),
    "activations": ("Activation functions", "CRReLU stays below ReLU, GELU below both at first; "
                    "sigmoid has the highest entropy and the highest loss."),
    "bags": ("Bags of digits", "Without a bonus half of all attention lies on one digit in "
             "thirty; with it new bags are told better."),
    "hyperfitting": ("Hyperfitting a real model", "Entropy on a text that was not learned falls "
                     "by half, while that text becomes more surprising."),
    "phases": ("Phases of training", "All five phases on one map: only large networks at fair "
               "rates reach IV-B."),
    "compatibility": ("Stationary representations", "With fixed corners the new model finds more "
                      "in the old gallery than the old one; with learned ones next to nothing."),
    "spectral_entropy": ("Spectral entropy", "What states tell of the labels rises for true "
                         "labels and stays flat for random ones."),
    "distillation": ("A teacher's order", "Students told the teacher's order are half a nat less "
                     "surprised by new digits."),
    "rare_positives": ("Metrics as losses", "Cross-entropy finds one rare eight in sixteen, "
                       "balanced accuracy every second."),
    "experts": ("Mixture of experts", "Left alone the router gives all to one of eight; balanced, "
                "all eight work."),
    "experts_on_clusters": ("Experts where they pay", "Eight rules need eight experts: balanced by "
                            "a bias they end with a tenth less error."),
    "ladder": ("Scaling ladder", "The fitted floor, 1.00, and the true one, .99 nats."),
    "knowledge": ("Knowledge capacity", "However many facts are asked of it, a full network holds "
                  "about 1.84 bits a parameter."),
}  # fmt: skip

declare(
    Lens(
        kind="training",
        title="Training",
        summary="Small networks learn side by side, and one sees what their entropy does.",
        group="many",
        family="Training",
        icon="model_training",
        place=20,
        figures=("networks", "steps_done", "holding"),
        panels=(
            Learning(
                key="learning",
                title="Over steps",
                read="A line is the mean of a variant's seeds, its band from the least to the "
                "most; dashed lines are known from theory.",
                area="stage",
            ),
            Notes(
                title="Experiment",
                read="What is trained and left open; what is expected and what was found.",
            ),
            Learning(
                key="seen",
                title="At this step",
                read="The places of a number at the record that the slider stands on.",
                area="timeline",
                telling=True,
            ),
        ),
        examples=(
            *(
                Example(f"training_{name}", title, note, {"experiment": name})
                for name, (title, note) in SHOWN.items()
            ),
            Example(
                "training_bags_harm",
                "Bags where spreading harms",
                "One clean zero is all the evidence: the bonus takes attention from it, and new "
                "bags are told worse.",
                {"experiment": "bags", "seeds": (0, 1, 2, 3), "choices": _BAGS},
            ),
        ),
        papers=PAPERS,
        guide=(
            "Everything is trained here, on this machine, from first weights that the seeds draw. "
            "Start trains again with what you choose; Stop keeps what is there, and the same "
            "choices then go on where they were stopped.",
            "A network whose loss was no number is left as it was then; the others go on.",
        ),
    )
)
