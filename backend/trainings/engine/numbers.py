"""Numbers that several experiments measure."""

from __future__ import annotations

import math

from ...quantities import Quantity

TEST_LOSS = Quantity(
    "Test loss",
    "L",
    high=2.5,
    help="Mean surprisal of the right label on digits that were not learned from.",
    formula=r"-\frac1n\sum_i\ln p(y_i\mid x_i)",
)
TRAINING_LOSS = Quantity(
    "Training loss",
    "L",
    high=2.5,
    help="Mean surprisal of the right label on what is learned from.",
    formula=r"-\frac1n\sum_i\ln p(y_i\mid x_i)",
)
VALIDATION_LOSS = Quantity(
    "Validation loss",
    "L",
    high=math.log(62),
    help="Mean surprisal of the next letter on a fixed batch that measuring alone draws.",
    formula=r"-\frac1n\sum_i\ln p(x_i\mid x_{<i})",
)
TEST_ACCURACY = Quantity(
    "Test accuracy", "", "%", digits=1, help="Digits told rightly of those not learned from."
)
TRAINING_ACCURACY = Quantity(
    "Training accuracy", "", "%", digits=1, help="Labels told rightly of those learned from."
)
PREDICTION_ENTROPY = Quantity(
    "Entropy of predictions",
    "H",
    high=math.log(10),
    help="How undecided the network is about a test digit, on average.",
    formula=r"-\sum_c p_c\ln p_c",
)
