"""How many bits of facts a network holds in each of its parameters."""

from components.stage import show

show("knowledge")
