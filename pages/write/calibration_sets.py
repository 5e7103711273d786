"""Which of many answers to tune a model on, and where each choice pulls it."""

from components.stage import show

show("calibration_sets")
