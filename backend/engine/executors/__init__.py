"""Whatever carries out what the engine decides; behind one seam, ``base.Executor``."""
