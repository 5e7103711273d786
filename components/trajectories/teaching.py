"""What there is to learn from samplers side by side, in few words."""

from __future__ import annotations

import streamlit as st

LESSONS = {
    "Boredom and confusion": (
        "Decode the set **Mirostat against top-k traps** with 100 steps. With k = 2 the text soon "
        "circles: entropy and surprisal sink towards 0 and *repeated 4-grams* rise. With k = 2,000 "
        "each odd token makes the next one odder: surprisal climbs. Mirostat starts alike, then "
        "moves its cut μ against every surprise: the dots scatter around τ and stay there."
    ),
    "Why min-p and top-H react to confidence": (
        "Pin a step where the model is sure, then one where it is not. Top-k keeps the same number "
        "at both. Min-p's floor is a share of the likeliest token's probability, so it rises with "
        "confidence. Top-H allows only α times the model's own entropy, so a sure step has no room "
        "for a second token. In **One distribution**, go from *Sure* to *No idea* and count the "
        "kept tokens."
    ),
    "What temperature does to each": (
        "Entropy grows with T at the rate V/T, the varentropy over the temperature: not at all for "
        "a uniform or a certain distribution. Put first, heat changes what top-p, min-p, typical "
        "and top-H keep, because they judge the heated distribution; top-k and top-n-σ keep the "
        "same set at every T. Put last, it only reshuffles probability among what was kept."
    ),
    "Raw and final": (
        "Entropy, surprisal and perplexity here are the model's own, before the sampler. What the "
        "token was drawn from has its own numbers: *entropy after the sampler*, *drawn with* and "
        "*KL to the model*, which for a pure cut is −ln of the kept mass."
    ),
}


def lessons() -> None:
    """Write the lessons."""
    for title, text in LESSONS.items():
        st.markdown(f"**{title}**")
        st.markdown(text)
