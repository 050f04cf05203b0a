"""The assistant's sentences."""

import re
from pathlib import Path

from bot.aftersales.speech import forbidden
from bot.cases.question import entries
from bot.cases.words import say, wordings, yuan


def test_fen_are_written_in_yuan():
    assert yuan(50000) == "500.00元"
    assert yuan(5) == "0.05元"


def test_the_same_sentence_is_not_said_twice_while_another_wording_is_left():
    first = say("thanks")
    assert say("thanks", (first,)) != first


def test_every_sentence_that_the_code_says_exists():
    source = "\n".join(path.read_text(encoding="utf-8") for path in [*Path("bot/cases").glob("*.py"), *Path("actions").glob("*.py")])
    keys = set(re.findall(r'\bsay\("([a-z_0-9]+)"', source))
    assert keys
    assert keys <= set(wordings())


def test_no_sentence_says_what_must_never_be_said():
    for key, variants in wordings().items():
        for text in variants:
            assert forbidden(text) == [], (key, text)
    for entry, _ in entries():
        assert forbidden(entry.answer) == [], entry.id
