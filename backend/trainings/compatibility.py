"""Stationary representations: a new model searches the old one's gallery without re-indexing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ..measures.compatibility import alignment_loss, class_means, nearest, simplex
from ..progress import Progress, Report
from ..quantities import Quantity
from ..runs.training import Measured, TrainingRun
from .data import digits
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment, final
from .engine.layers import cross_entropy, linear, normal
from .engine.optimisers import Parameters
from .engine.side_by_side import Copies, Group, SideBySide, Variant

CLASSES, WIDTH, SIZE, SHARP = 10, 64, 9, 12.0
GALLERY, OLD_IMAGES, STEPS = 800, 150, 400
NAMES = ("learned", "simplex", "simplex and HOC")


def _accuracy(name: str, help: str) -> Quantity:
    return Quantity(name, "", "%", digits=1, help=help)


def _compatible(run: TrainingRun, variant: str) -> float:
    """Return the share of seeds in which the new model beats the old one in the old gallery."""
    return float((final(run, "new_in_old", variant) > final(run, "old_in_old", variant)).mean())


def _network(generator: torch.Generator) -> Parameters:
    return {
        "w": normal(generator, 64, WIDTH, scale=math.sqrt(2 / 64)),
        "b": torch.zeros(1, WIDTH),
        "feature": normal(generator, WIDTH, SIZE, scale=1 / math.sqrt(WIDTH)),
    }


def _learned(generator: torch.Generator) -> Parameters:
    made = _network(generator)
    return {**made, "classes": F.normalize(normal(generator, CLASSES, SIZE), dim=-1)}


def features(parameters: Mapping[str, Tensor], images: Tensor) -> Tensor:
    """Return unit vectors [K, n, 9] of images [n, 64]."""
    hidden = F.relu(linear(images, parameters["w"], parameters["b"]))
    return F.normalize(torch.bmm(hidden, parameters["feature"]), dim=-1)


def _logits(copies: Copies, vectors: Tensor) -> Tensor:
    if "classes" in copies.parameters:
        weights = F.normalize(copies["classes"], dim=-1)
    else:
        weights = simplex(CLASSES).float().expand(len(copies), CLASSES, SIZE)
    return SHARP * torch.bmm(vectors, weights.transpose(1, 2))


@EXPERIMENTS.register("compatibility")
class Compatibility(Experiment):
    """64-64-9, unit vectors; old models on 150 digits, new ones from other weights on 1,297."""

    title = "Stationary representations"
    summary = "A new model searches the old model's gallery: fixed corners make it work."
    story = (
        "An old model has put 800 digits into a gallery. A new and better one is trained from "
        "other first weights. With learned class vectors its own space is turned and cannot be "
        "compared; with fixed ones, the corners of a simplex, it finds more in the old gallery "
        "than the old model did. A term that draws new vectors to the old ones of the same image "
        "adds a little. By single nearest neighbours instead of class means the plain simplex "
        "stays just below the old model."
    )
    seeds = tuple(range(6))
    steps, every = STEPS, 10
    choices = (
        Choice("alignment", "Alignment weight", "Of the term on old vectors (HOC).", 0.1, 0.0, 0.9),
        Choice("old_classes", "Classes the old model saw", "Of ten.", 10, 5, 10),
        Choice("learning_rate", "Learning rate", "Of Adam.", 2e-3, 1e-4, 1e-2),
    )
    measured: ClassVar[Mapping[str, Measured]] = {
        "new_in_old": Measured(
            _accuracy("New model, old gallery", "By the nearest class mean; no index is rebuilt.")
        ),
        "old_in_old": Measured(
            _accuracy("Old model, old gallery", "What the new model has to beat.")
        ),
        "new_in_new": Measured(
            _accuracy("New model, new gallery", "What rebuilding the index would give.")
        ),
        "neighbour_new_in_old": Measured(
            _accuracy("New model, old gallery, neighbours", "By the nearest single image.")
        ),
        "neighbour_old_in_old": Measured(
            _accuracy("Old model, old gallery, neighbours", "By the nearest single image.")
        ),
        "search_entropy": Measured(
            Quantity(
                "Entropy of the search",
                "H",
                high=math.log(10),
                help="Over old class means, of new queries at sharpness 12.",
            )
        ),
        "same_image": Measured(
            Quantity(
                "Cosine of one image",
                "cos",
                "",
                low=-1,
                high=1,
                scale="diverging",
                help="Between its old and its new vector, on average.",
            )
        ),
        "vectors": Measured(
            Quantity(
                "Vector",
                "",
                "",
                low=-1,
                high=1,
                scale="diverging",
                help="Class means of the new model, first two dimensions of the simplex.",
            ),
            axes=("digit", "dimension"),
        ),
    }
    telling = "search_entropy"
    expected = (
        Expected(
            "learned",
            "Learned class vectors: new queries fail in the old gallery.",
            lambda run: float(final(run, "new_in_old", NAMES[0]).mean()),
            0.0,
            0.3,
        ),
        Expected(
            "simplex",
            "The simplex: they succeed, .93 or more.",
            lambda run: float(final(run, "new_in_old", NAMES[1]).mean()),
            0.93,
            1.0,
        ),
        Expected(
            "compatible",
            "With the simplex every new model beats its old one.",
            lambda run: _compatible(run, NAMES[1]),
            1.0,
            1.0,
        ),
        Expected(
            "incompatible",
            "With learned vectors none does.",
            lambda run: _compatible(run, NAMES[0]),
            0.0,
            0.0,
        ),
    )
    papers = (52,)
    cost = 2.4
    layers = 1
    architecture = "64-64-9, unit vectors"

    def prepare(self, report: Report) -> None:
        report(Progress(0, 0, "Training the old models"))
        rate = self.number("learning_rate")
        # Of the seeds of the new models, so that both start differently.
        seeds = [100 + seed for seed in self.seeds_used]
        groups = [
            Group((Variant(name, rate),), init, self._classify, self._old_batch)
            for name, init in (("learned", _learned), ("simplex", _network))
        ]
        training = SideBySide(groups, lambda copies: {}, seeds, STEPS, STEPS)
        for _ in training.records():
            pass
        self._old = [
            {name: each.detach() for name, each in copies.parameters.items()}
            for copies in training.groups
        ]

    def groups(self) -> Sequence[Group]:
        rate = self.number("learning_rate")
        plain = Group((Variant(NAMES[0], rate),), _learned, self._classify, self._batch)
        simplexes = (
            Variant(NAMES[1], rate, {"alignment": 0.0}),
            Variant(NAMES[2], rate, {"alignment": self.number("alignment")}),
        )
        return [plain, replace(plain, variants=simplexes, init=_network, loss=self._align)]

    def labels(self) -> dict[str, list[str]]:
        return {"digit": [str(i) for i in range(CLASSES)], "dimension": ["1", "2"]}

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        gallery, test = digits()[0][:GALLERY], digits()[1]
        both = {"old": self._old_of(copies), "new": copies.parameters}
        queries = {age: features(each, test.images) for age, each in both.items()}
        stored = {age: features(each, gallery.images) for age, each in both.items()}
        means = {age: class_means(each, gallery.labels, CLASSES) for age, each in stored.items()}

        def by_mean(query: str, of: str) -> Tensor:
            return (nearest(queries[query], means[of]) == test.labels).float().mean(1)

        def by_neighbour(query: str, of: str) -> Tensor:
            found = gallery.labels[nearest(queries[query], stored[of])]
            return (found == test.labels).float().mean(1)

        alike = torch.softmax(SHARP * queries["new"] @ means["old"].transpose(1, 2), -1)
        return {
            "new_in_old": by_mean("new", "old"),
            "old_in_old": by_mean("old", "old"),
            "new_in_new": by_mean("new", "new"),
            "neighbour_new_in_old": by_neighbour("new", "old"),
            "neighbour_old_in_old": by_neighbour("old", "old"),
            "search_entropy": torch.special.entr(alike).sum(-1).mean(1),
            "same_image": (queries["old"] * queries["new"]).sum(-1).mean(1),
            "vectors": means["new"][..., :2],
        }

    def _old_of(self, copies: Copies) -> Parameters:
        """Return the old model of every copy."""
        old = self._old[copies.number]
        variants = len(copies.group.variants)
        return {name: each.repeat(variants, *[1] * (each.dim() - 1)) for name, each in old.items()}

    def _old_batch(self, generator: torch.Generator, step: int) -> Tensor:
        known = int(self.number("old_classes"))
        few = OLD_IMAGES if known == CLASSES else None  # of half the classes, all images
        seen = torch.nonzero(digits()[0].labels[:few] < known)[:, 0]
        return seen[torch.randint(0, len(seen), (64,), generator=generator)]

    def _batch(self, generator: torch.Generator, step: int) -> Tensor:
        return torch.randint(0, len(digits()[0]), (64,), generator=generator)

    def _classify(self, copies: Copies, batch: Tensor) -> Tensor:
        train = digits()[0][batch]
        vectors = features(copies.parameters, train.images)
        return cross_entropy(_logits(copies, vectors), train.labels)

    def _align(self, copies: Copies, batch: Tensor) -> Tensor:
        train = digits()[0][batch]
        vectors = features(copies.parameters, train.images)
        with torch.no_grad():
            old = features(self._old_of(copies), train.images)
        weight = copies.knobs["alignment"]
        loss = cross_entropy(_logits(copies, vectors), train.labels)
        return (1 - weight) * loss + weight * alignment_loss(vectors, old, train.labels)
