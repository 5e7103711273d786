"""How experiments are trained, measured, stopped and resumed."""
