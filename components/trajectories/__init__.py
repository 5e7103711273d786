"""The trajectories page in parts: choosing samplers, decoding, and looking at what came of it."""
