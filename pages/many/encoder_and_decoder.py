"""What a larger encoder and a larger decoder take off the loss of a translation."""

from components.stage import show

show("translation_law")
