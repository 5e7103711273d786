"""Papers whose claims a training shows, each by a figure of the shipped run."""

from __future__ import annotations

from collections.abc import Callable

from ...runs.training import TrainingRun
from ..base import Paper


def _figure(name: str) -> Callable[[TrainingRun], float]:
    return lambda run: run.figure(name)


def _paper(
    number: int, example: str, figure: str, expected: float, tolerance: float, claim: str,
    remark: str = "",
) -> Paper:  # fmt: skip
    name = f"training_{example}"
    return Paper(number, claim, "", name, expected, _figure(figure), tolerance, remark)


PAPERS = (
    _paper(
        45, "collapse", "gain", 0.45, 0.25,
        "Attention entropy collapses before training fails; σReparam prevents both.",
        "Expected and found are nats of loss between the two at one rate. The paper's spikes that "
        "recover do not show at this size: the plain network sticks instead.",
    ),
    _paper(
        7, "guided_attention", "deep_collapse", 0.09, 0.06,
        "Without norms and activations deep heads collapse; an entropy penalty lifts them.",
        "The overload of early layers does not show: 32 letters leave little room. Found is the "
        "entropy of the deepest layer as a share of its maximum.",
    ),
    _paper(
        18, "bags", "gain", 0.11, 0.06,
        "Rewarding the entropy of attention over a bag cures its concentration and tells new bags "
        "better.",
        "Found is accuracy gained. With a single clean digit as evidence it harms: see the other "
        "example.",
    ),
    _paper(
        11, "activations", "epsilon_first_layer", 0.19, 0.04,
        "CRReLU, ReLU with a learned correction, learns faster than ReLU.",
        "Found is the ε that the first layer learns. GELU is better still here, and tanh has as "
        "much entropy as sigmoid, the worst, without being bad.",
    ),
    _paper(
        57, "hyperfitting", "entropy", 1.67, 0.3,
        "A model trained on few texts to almost no loss becomes sure of itself everywhere, and no "
        "temperature does the same.",
        "Found is the entropy on another text in nats, 3.9 before. That repeats become rarer "
        "shows with many layers at a small rate; few prompts were tried.",
    ),
    _paper(
        32, "phases", "trained", 1.0, 0.0,
        "Training has phases with borders between them, on a map of size against temperature.",
        "Found is the share of large networks at fair rates that are in phase IV-B. The limits "
        "between phases are ours, set for this grid.",
    ),
    _paper(
        52, "compatibility", "simplex", 0.958, 0.03,
        "With fixed simplex corners as classifier a new model searches the gallery of an old one.",
        "Found is its accuracy there by class means. By single nearest neighbours the plain "
        "simplex stays just below the old model.",
    ),
    _paper(
        53, "spectral_entropy", "information_gap", 0.18, 0.05,
        "Spectral information on labels rises when a network generalises, and not when it "
        "memorises.",
        "Found is the difference in nats. That spectral entropy itself rises holds for the "
        "authors' σ = 10 only; with a σ that follows the distances, generalising compresses.",
    ),
    _paper(
        40, "distillation", "surprise_less", 0.5, 0.2,
        "A loss on the teacher's order makes better students than plain labels.",
        "Found is test loss saved, in nats. Its accuracy and that of distillation differ by less "
        "than seeds do.",
    ),
    _paper(
        20, "rare_positives", "gain", 0.41, 0.15,
        "A metric of the confusion matrix can be a loss, and finds rare positives.",
        "Found is F1 gained over cross-entropy by balanced accuracy as a loss. The steepest "
        "amplifier, L = 73, is the worst to learn with.",
    ),
    _paper(
        9, "experts", "left_alone", 0.06, 0.24,
        "Without balancing a router gives everything to few experts; balancing keeps all alive.",
        "Found is the load entropy as a share of its maximum, the largest of the seeds.",
    ),
)  # fmt: skip
