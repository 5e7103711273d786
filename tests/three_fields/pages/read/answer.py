"""Which of some answers the model finds likely."""

from components.stage import show

show("answer")
