"""Which experts a mixture of experts gives each token to."""

from components.stage import show

show("router")
