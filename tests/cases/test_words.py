"""The assistant's sentences."""

from bot.cases.words import say, yuan


def test_fen_are_written_in_yuan():
    assert yuan(50000) == "500.00元"
    assert yuan(5) == "0.05元"


def test_the_same_sentence_is_not_said_twice_while_another_wording_is_left():
    first = say("thanks")
    assert say("thanks", (first,)) != first
