"""About how many tokens a text takes, without a tokenizer: rather too many than too few. Pure."""

from __future__ import annotations

import re

_WORDS = re.compile("[A-Za-z]+")
_SPACES = re.compile(" (?![A-Za-z])")  # one before a word belongs to it
#: Longer runs of letters are no words of a language, and tokenizers know no long pieces of them.
_LONGEST_WORD = 14
#: What the marks of a chat template around a message take.
_OF_TEMPLATE = 8


def estimate_tokens(text: str) -> int:
    """Return the tokens of one message.

    Compared with the tokenizers of llama2 and SmolLM2. A word takes one token and one for each
    four further letters; a digit, a sign or a line break takes one. Other scripts are counted by
    their bytes: no tokenizer that falls back on bytes takes more, and llama2's comes near it.
    """
    words = _WORDS.findall(text)
    ascii_length = len(text.encode("ascii", "ignore"))
    signs = ascii_length - sum(map(len, words)) - text.count(" ")
    others = len(text.encode()) - ascii_length
    return sum(map(_of_word, words)) + signs + len(_SPACES.findall(text)) + others + _OF_TEMPLATE


def _of_word(word: str) -> int:
    if len(word) > _LONGEST_WORD:
        return 3 * len(word) // 4
    is_plain = word[1:].islower()
    return 1 + (len(word) - 1) // (4 if is_plain else 2)
