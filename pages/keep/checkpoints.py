"""One text read by a list of checkpoints or revisions, a curve for each number."""

from components.stage import show

show("checkpoints")
