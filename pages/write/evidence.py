"""What several prompts say together, conflict and ignorance kept apart."""

from components.stage import show

show("evidence")
