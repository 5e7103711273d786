"""What every layer would say, if the model ended there."""

from components.stage import show

show("when_it_knew")
