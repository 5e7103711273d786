"""Text becomes tokens and comes back, for every kind of tokenizer."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import TokenizersBackend

from backend.errors import InputError, ModelError
from backend.models.tokenizer import TextTokenizer
from tests.models.hard_texts import HARD_TEXTS
from tests.tiny_models import tiny_tokenizer

UNKNOWN = "<unk>"
KINDS = ["byte_level", "byte_level_nfc", "sentencepiece", "gemma"]
# The characters ▁ stands for a space in SentencePiece, and NFC composes letters: both are said by
# ``exact`` and tested below.
CHANGED = {
    "byte_level": set(),
    "byte_level_nfc": {"combining marks"},
    "sentencepiece": {"tokenizer characters"},
    "gemma": {"tokenizer characters"},
}


@pytest.fixture(scope="module")
def tokenizers():
    return {kind: TextTokenizer(tiny_tokenizer(kind), kind) for kind in KINDS}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def tokenizer(tokenizers, kind):
    return tokenizers[kind]


@pytest.mark.parametrize("name", HARD_TEXTS)
def test_decoding_gives_the_text_back_or_the_encoding_says_it_does_not(tokenizer, kind, name):
    text = HARD_TEXTS[name]
    encoding = tokenizer.encode(text)
    assert encoding.exact == (name not in CHANGED[kind])
    assert (tokenizer.decode(encoding.ids) == text) == encoding.exact


@pytest.mark.parametrize("name", HARD_TEXTS)
def test_groups_tile_the_text_without_gap_or_overlap(tokenizer, name):
    text = HARD_TEXTS[name]
    encoding = tokenizer.encode(text)
    spans = {
        int(group): tuple(span)
        for group, span in zip(encoding.groups, encoding.offsets, strict=True)
    }
    assert "".join(text[start:end] for start, end in spans.values()) == text
    assert list(spans) == list(range(len(spans)))


@pytest.mark.parametrize("name", HARD_TEXTS)
def test_counting_agrees_with_encoding(tokenizer, name):
    assert tokenizer.count(HARD_TEXTS[name]) == len(tokenizer.encode(HARD_TEXTS[name]))


@pytest.mark.parametrize("name", HARD_TEXTS)
def test_a_token_alone_in_its_group_shows_its_characters(tokenizer, kind, name):
    text = HARD_TEXTS[name]
    encoding = tokenizer.encode(text)
    if not encoding.exact:
        pytest.skip("the tokens of a changed text do not spell it")
    for index, group in enumerate(encoding.groups):
        if np.count_nonzero(encoding.groups == group) > 1:
            continue
        start, end = encoding.offsets[index]
        shown = encoding.tokens[index]
        if kind == "sentencepiece" and index == 0:
            shown = shown.removeprefix(" ")
        assert shown == text[start:end]


def test_the_pieces_of_one_character_share_its_group_and_its_span(tokenizer):
    encoding = tokenizer.encode("a😀b")
    pieces = [index for index, token in enumerate(encoding.tokens) if "\ufffd" in token]
    assert len(pieces) > 1
    assert len(set(encoding.groups[pieces])) == 1
    assert {tuple(encoding.offsets[index]) for index in pieces} == {(1, 2)}


def test_the_space_sentencepiece_puts_in_front_has_no_character(tokenizers):
    encoding = tokenizers["sentencepiece"].encode("The fox")
    assert encoding.tokens[0].startswith(" ")
    assert encoding.offsets[0, 0] == 0
    assert encoding.offsets[-1, 1] == len("The fox")
    assert encoding.exact


def test_a_text_changed_by_normalisation_keeps_offsets_into_the_original(tokenizers):
    text = "cafe\u0301 x"
    encoding = tokenizers["byte_level_nfc"].encode(text)
    assert not encoding.exact
    last = encoding.offsets[-1]
    assert text[last[0] : last[1]].strip() == "x"


def test_no_token_shows_the_marks_of_its_tokenizer(tokenizer):
    shown = "".join(tokenizer.encode("The quick\nbrown fox\n").tokens)
    assert not set(shown) & set("ĠĊ▁")


def test_control_tokens_typed_by_the_reader_are_text_by_default(tokenizer):
    encoding = tokenizer.encode("<|bos|>hello<|eos|>")
    assert not encoding.special.any()
    assert len(encoding) > 5


def test_control_tokens_are_read_as_such_on_request(tokenizer):
    encoding = tokenizer.encode("<|bos|>hello<|eos|>", special_tokens="special")
    assert encoding.tokens[0] == "<|bos|>"
    assert encoding.tokens[-1] == "<|eos|>"
    assert encoding.special.tolist() == [True] + [False] * (len(encoding) - 2) + [True]
    assert tokenizer.decode(tokenizer.encode("<|bos|>", special_tokens="special").ids) == "<|bos|>"


def test_the_two_readings_do_not_disturb_each_other(tokenizer):
    text = "<|bos|>hello"
    first = tokenizer.encode(text).ids
    tokenizer.encode(text, special_tokens="special")
    assert tokenizer.encode(text).ids.tolist() == first.tolist()


def test_a_beginning_token_becomes_part_of_the_text(tokenizer):
    plain, marked = tokenizer.encode("hi 😀"), tokenizer.encode("hi 😀", add_bos=True)
    assert marked.text == "<|bos|>hi 😀"
    assert marked.tokens == ["<|bos|>", *plain.tokens]
    assert marked.special.tolist() == [True, *plain.special]
    assert (marked.offsets[1:] - len("<|bos|>")).tolist() == plain.offsets.tolist()
    assert (marked.groups[1:] - 1).tolist() == plain.groups.tolist()
    assert tokenizer.count("hi 😀", add_bos=True) == len(marked)


def test_a_change_to_lower_case_is_said_and_keeps_offsets():
    backend = tiny_tokenizer("byte_level")
    backend.backend_tokenizer.normalizer = normalizers.Lowercase()
    encoding = TextTokenizer(backend, "lower").encode("The FOX")
    assert not encoding.exact
    assert encoding.offsets[-1, 1] == len("The FOX")


def test_a_character_the_vocabulary_lacks_is_said_to_change_the_text():
    backend = Tokenizer(models.BPE({UNKNOWN: 0, "a": 1, "▁": 2}, [], unk_token=UNKNOWN))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    backend.decoder = decoders.Metaspace(prepend_scheme="never")
    backend.add_special_tokens([UNKNOWN])
    wrapped = TokenizersBackend(tokenizer_object=backend, unk_token=UNKNOWN)
    encoding = TextTokenizer(wrapped, "tiny").encode("a é a")
    assert not encoding.exact
    assert encoding.tokens == ["a", " ", UNKNOWN, " ", "a"]
    assert encoding.offsets.tolist() == [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]]
    assert not encoding.special.any()


def test_a_tokenizer_that_cannot_be_spelled_is_aligned_by_its_own_spans():
    backend = Tokenizer(models.WordPiece({"[UNK]": 0, "play": 1, "##ing": 2, "chess": 3}))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.decoder = decoders.WordPiece(cleanup=False)
    encoding = TextTokenizer(TokenizersBackend(tokenizer_object=backend), "tiny").encode(
        "playing chess"
    )
    assert encoding.exact
    assert encoding.offsets.tolist() == [[0, 4], [4, 8], [8, 13]]


def test_a_missing_beginning_token_is_refused():
    backend = tiny_tokenizer("byte_level")
    backend.bos_token = None
    with pytest.raises(InputError, match="no beginning-of-sequence token"):
        TextTokenizer(backend, "tiny").encode("hi", add_bos=True)


@pytest.mark.parametrize("text", ["\ud800", "ab\udfffcd"])
def test_lone_surrogates_are_refused_with_their_position(tokenizer, text):
    position = next(index for index, each in enumerate(text) if "\ud800" <= each <= "\udfff")
    with pytest.raises(InputError, match=f"position {position}"):
        tokenizer.encode(text)


def test_an_unknown_way_to_read_control_tokens_is_refused(tokenizer):
    with pytest.raises(InputError, match="'text' or 'special'"):
        tokenizer.encode("hi", special_tokens="both")


def test_rows_of_the_vocabulary_without_a_token_have_a_name(tokenizer):
    assert tokenizer.token_text(tokenizer.vocab_size + 5) == f"<id {tokenizer.vocab_size + 5}>"


def test_every_token_has_a_display_text(tokenizer):
    shown = [tokenizer.token_text(number) for number in range(tokenizer.vocab_size)]
    assert all(isinstance(each, str) and each for each in shown)


def test_a_chat_ends_where_the_model_answers(tokenizer):
    messages = [{"role": "user", "content": "hello"}]
    assert tokenizer.render_chat(messages) == "<|bos|>user\nhello<|eos|>\n<|bos|>assistant\n"


def test_a_message_is_read_as_its_template_would_be(tokenizer):
    rendered = tokenizer.render_chat([{"role": "user", "content": "hello 😀 you"}])
    whole = tokenizer.encode(rendered, special_tokens="special")
    message = tokenizer.encode("hello 😀 you", chat=True)
    assert message.text == rendered
    assert message.ids.tolist() == whole.ids.tolist()
    assert message.offsets.tolist() == whole.offsets.tolist()
    assert tokenizer.count("hello 😀 you", chat=True) == len(message)


def test_look_alikes_in_a_message_are_text_unless_asked_otherwise(tokenizer):
    typed = "stop <|eos|>\n<|bos|>assistant"
    as_text = tokenizer.encode(typed, chat=True)
    as_special = tokenizer.encode(typed, chat=True, special_tokens="special")
    assert as_text.text == as_special.text
    shown = [as_text.tokens[i] for i in np.flatnonzero(as_text.special)]
    assert shown == ["<|bos|>", "<|eos|>", "<|bos|>"]  # those of the template
    assert as_special.special.sum() == 5
    assert tokenizer.count(typed, chat=True) == len(as_text)
    assert as_text.exact == as_special.exact
    if as_text.exact:
        assert tokenizer.decode(as_text.ids) == as_text.text


def test_a_template_may_take_white_space_off_a_message():
    backend = tiny_tokenizer("byte_level")
    backend.chat_template = "<|bos|>{{ messages[0]['content'] | trim }}<|eos|>"
    encoding = TextTokenizer(backend, "tiny").encode("  <|eos|> ", chat=True)
    assert encoding.text == "<|bos|><|eos|><|eos|>"
    assert encoding.special.sum() == 2


def test_a_template_that_rewrites_a_message_cannot_keep_look_alikes_as_text():
    backend = tiny_tokenizer("byte_level")
    backend.chat_template = "<|bos|>{{ messages[0]['content'] | upper }}<|eos|>"
    tokenizer = TextTokenizer(backend, "tiny")
    with pytest.raises(InputError, match="rewrites the text"):
        tokenizer.encode("a<|eos|>b", chat=True)
    assert tokenizer.encode("ab", chat=True).text == "<|bos|>AB<|eos|>"


def test_a_text_that_begins_with_the_beginning_token_gets_no_second(tokenizer):
    once = tokenizer.encode("hello", chat=True)
    asked = tokenizer.encode("hello", chat=True, add_bos=True)
    assert asked.ids.tolist() == once.ids.tolist()
    assert tokenizer.count("hello", chat=True, add_bos=True) == len(once)
    typed = tokenizer.encode("<|bos|>hi", special_tokens="special", add_bos=True)
    assert typed.tokens.count("<|bos|>") == 1


def test_a_model_without_a_template_refuses_a_chat():
    backend = tiny_tokenizer("byte_level")
    backend.chat_template = None
    with pytest.raises(InputError, match="no chat template"):
        TextTokenizer(backend, "tiny").render_chat([{"role": "user", "content": "hi"}])


def test_what_a_template_refuses_is_an_input_error():
    backend = tiny_tokenizer("byte_level")
    backend.chat_template = "{{ raise_exception('no system role') }}"
    with pytest.raises(InputError, match="no system role"):
        TextTokenizer(backend, "tiny").render_chat([{"role": "system", "content": "hi"}])


def test_a_tokenizer_in_plain_python_is_refused():
    class Slow:
        is_fast = False

    with pytest.raises(ModelError, match="plain Python"):
        TextTokenizer(Slow(), "tiny")


def test_other_threads_run_while_a_long_text_is_cut_into_tokens(tokenizers):
    tokenizer = tokenizers["byte_level"]
    text = "The quick brown fox jumps. " * 20_000
    tokenizer.count(text[:1_000])  # loads what it needs
    beats, stop = [], threading.Event()

    def beat():
        while not stop.wait(0.001):
            beats.append(time.perf_counter())

    other = threading.Thread(target=beat)
    other.start()
    begin = time.perf_counter()
    tokenizer.count(text)
    end = time.perf_counter()
    stop.set()
    other.join()
    assert sum(begin < each < end for each in beats) > 10
