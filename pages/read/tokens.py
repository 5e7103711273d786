"""How sure the model was of each token."""

from components.stage import show

show("text")
