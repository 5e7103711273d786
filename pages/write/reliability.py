"""Whether the model is as often right as it is sure, and stays so with typos."""

from components.stage import show

show("reliability")
