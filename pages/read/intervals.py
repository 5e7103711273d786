"""Between which bounds the entropy of a model on a server lies, at every token."""

from components.stage import show

show("intervals")
