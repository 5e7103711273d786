"""Early exits of a model draft its text; the whole model keeps or replaces each token."""

from components.stage import show

show("drafts")
