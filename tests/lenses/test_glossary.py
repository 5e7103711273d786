"""Words of the field."""

from __future__ import annotations

from backend.derived import DERIVED
from backend.lenses import LENSES
from backend.lenses.glossary import glossary
from backend.runs.arrays import array_specs

TERMS = {each.name: each for each in glossary()}


def test_every_term_is_there_once_in_all_its_forms():
    forms = [form.lower() for each in glossary() for form in (each.name, *each.also)]
    assert len(forms) == len(set(forms))


def test_every_term_has_a_meaning_and_a_lens_that_shows_it():
    for each in glossary():
        assert each.meaning.endswith((".", "!", "?", "…")), each.name
        assert each.lenses, each.name
        assert set(each.lenses) <= set(LENSES), each.name


def test_every_number_with_words_of_its_own_is_a_term():
    known = {form.lower() for each in glossary() for form in (each.name, *each.also)}
    for kind in LENSES:
        declared = [each.quantity for each in array_specs(LENSES[kind].run_type).values()]
        declared += [each.quantity for each in DERIVED.get(kind, {}).values()]
        names = {
            of.name.lower() for of in declared if of and of.help and not of.name.startswith("…")
        }
        assert names <= known, kind


def test_entropy_means_what_the_lens_of_tokens_says_of_it():
    entropy = array_specs(LENSES["text"].run_type)["entropy"].quantity
    assert entropy is not None
    assert TERMS["Entropy"].meaning == entropy.help
    assert TERMS["Entropy"].formula == entropy.formula
    assert TERMS["Entropy"].lenses == ("text",)


def test_a_common_word_is_a_term_only_as_a_label():
    assert not TERMS["Load"].alone
    assert not TERMS["Maximum"].alone
    assert TERMS["Surprisal"].alone
    assert TERMS["Attention entropy"].alone
