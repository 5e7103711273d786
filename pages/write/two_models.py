"""A small model writes where it is sure, a large one where it is not."""

from components.stage import show

show("two_models")
