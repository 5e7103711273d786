"""Which of two models wrote a text, tested at every length."""

from components.stage import show

show("which_model_wrote_it")
