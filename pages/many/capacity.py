"""What a model takes off the size of texts, against the work that it does."""

from components.stage import show

show("capacity")
