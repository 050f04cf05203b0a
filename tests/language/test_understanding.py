"""Understanding through the trained pipeline: wishes, spelling, the protocol of `heqi parse`, and Rasa's view of the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.language.understanding import Language
from tests.language.conftest import NOW

HEQI = str(Path(sys.executable).with_name("heqi"))


@pytest.mark.parametrize(("text", "wishes"), [
    ("退款，顺便问下运费谁出", {"refund", "policy"}), ("我要退货 另外发票怎么还没开", {"return_goods", "invoice"}),
    ("帮我取消订单，然后帮我转人工", {"cancel_order", "human"}),
])
def test_every_wish_is_kept_and_the_first_acted_on(text: str, wishes: set[str], language: Language) -> None:
    said = language.understand(text, NOW)
    assert said.wishes[0] == said.intent
    assert wishes <= set(said.wishes)


@pytest.mark.parametrize("text", ["谢谢", "好的", "你好在吗"])
def test_courtesy_is_no_wish(text: str, language: Language) -> None:
    assert language.understand(text, NOW).wishes == ()


@pytest.mark.parametrize(("plain", "written"), [
    ("我要退款", "我要退宽"), ("价保怎么申请", "价宝怎么申请"), ("我要换货", "我要換貨"), ("转人工客服", "转人工客付"), ("我要退款", "我 要 退 款 ！！！"),
])
def test_typing_habits_do_not_change_the_intent(plain: str, written: str, language: Language) -> None:
    assert language.understand(written, NOW).intent == language.understand(plain, NOW).intent


def test_alone_and_in_company_a_message_is_read_the_same(language: Language) -> None:
    texts = ["退款", "这个多少钱", "裤子破了个洞，要求赔偿", "算了不退了", "物流三天没动了是不是丢件了", "", "😡", "第二个"]
    together = list(language.understand_many(texts, NOW))
    for text, among_others in zip(texts, together, strict=True):
        alone = language.understand(text, NOW)
        assert (alone.intent, alone.entities, alone.mood) == (among_others.intent, among_others.entities, among_others.mood)
        assert alone.confidence == pytest.approx(among_others.confidence, abs=0.002)  # numpy multiplies one row otherwise than many


def test_probabilities_are_probabilities(language: Language) -> None:
    for text in ("退款", "嗯", "asdfghjkl", "", "苹果烂了一半，赔我五十"):
        said = language.understand(text, NOW)
        ranked = [scored.confidence for scored in said.ranking]
        assert ranked == sorted(ranked, reverse=True)
        assert 0 < sum(ranked) <= 1.0002
        assert all(0 <= scored.confidence <= 1 for scored in said.issues)


@pytest.mark.parametrize(("text", "kind"), [
    ("洗了一次就掉色，还缩水", "quality_defect"), ("少发了一个配件", "missing_item"), ("颜色发错了，我要的是黑的", "wrong_item"),
    ("快递箱子压扁了，里面全碎了", "damaged_in_transit"), ("防伪查不到，假货", "counterfeit"), ("刚买完就降价了五十", "price_drop"),
])
def test_plain_complaints_state_their_kind(text: str, kind: str, language: Language) -> None:
    assert kind in {issue.name for issue in language.understand(text, NOW).issues}


def test_praise_states_no_issue(language: Language) -> None:
    assert language.understand("质量很好，物流也快，会回购", NOW).issues == ()


def test_parse_answers_each_line_in_its_order_with_the_contracts_fields() -> None:
    lines = ["退我50块", "", "  好的 ", "😡😡什么垃圾", "{\"a\":1}", "订单６９２３８４７５５６１０２９３８４７", "/restart"]
    done = subprocess.run([HEQI, "parse"], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["text"] for answer in answers] == lines
    for answer in answers:
        assert list(answer) == ["text", "intent", "confidence", "ranking", "issues", "entities"]
        assert len(answer["ranking"]) == 3
        assert answer["ranking"][0] == {"name": answer["intent"], "confidence": answer["confidence"]}
        assert all(set(entity) == {"entity", "value", "start", "end"} for entity in answer["entities"])
    assert answers[0]["entities"] == [{"entity": "amount", "value": 5000, "start": 2, "end": 5}]


def test_parse_names_the_line_that_is_not_utf8() -> None:
    done = subprocess.run([HEQI, "parse"], input="好\n".encode() + b"\xff\xfe\n", capture_output=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "line 2" in done.stderr.decode()


def test_rasa_sees_what_parse_says(language: Language) -> None:
    from rasa.shared.nlu.training_data.message import Message

    from bot.language.rasa.doubt import ASK_BELOW
    from bot.language.rasa.entities import HeqiEntities
    from bot.language.rasa.intent import HeqiIntent
    from bot.language.rasa.output import HeqiOutput

    texts = ["退我50块，顺便问下运费谁出", "苹果烂了一半", "不退了", "嗯那个就是说", "再不理我就打12315"]
    for text in texts:
        doc = language.doc(text, NOW)
        message = Message({"text": text, "text_spacy_doc": doc})
        for component in (HeqiIntent(), HeqiEntities(), HeqiOutput()):
            component.process([message])
        said = language.understand(text, NOW)
        seen = message.as_dict(only_output_properties=True)
        assert seen["intent_ranking"][0] == {"name": said.intent, "confidence": pytest.approx(said.confidence, abs=1e-4)}
        assert seen["intent"]["name"] == (said.intent if said.confidence >= ASK_BELOW else "nlu_fallback")
        assert [(e["entity"], e["value"], e["start"], e["end"]) for e in seen["entities"]] == [
            (e.entity, e.value, e.start, e.end) for e in said.entities
        ]
        assert [issue["name"] for issue in seen["heqi"]["issues"]] == [issue.name for issue in said.issues]
        assert seen["heqi"]["mood"] == said.mood
        assert seen["heqi"]["wishes"] == list(said.wishes)
