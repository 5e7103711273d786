"""How the inner units of every MLP share the work."""

from components.stage import show

show("neurons")
