"""Pictures from quantities and axes, as Vega-Lite; screen, report and notebook draw the same.

One module a kind of picture. Altair is imported by those modules, not here: the colour grammar
is wanted where no chart is drawn.
"""
