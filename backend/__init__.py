"""Entropy inside language models: load a model, ask for a study, get a run."""
