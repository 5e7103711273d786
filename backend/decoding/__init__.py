"""How texts are written: one forward pass a step for all samplers and seeds."""
