"""How long the hidden state of every token is after every layer."""

from components.stage import show

show("residual_norms")
