"""What neighbours from another text add to every prediction, and to what is written."""

from components.stage import show

show("retrieval")
