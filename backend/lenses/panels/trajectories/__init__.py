"""Panels of the sampler lens: the rows, one step of them, their tree, their measures."""
