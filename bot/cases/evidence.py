"""Evidence comes in, or cannot be had.

In the terminal and over plain text a picture cannot be sent; there the customer's word that it was
sent stands for it and is marked as such, so that a person sees it was never looked at. Where the
channel carries files (a recorded turn), only files count.
"""

from __future__ import annotations

import hashlib
import re
import uuid

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases import (
    audit,
    case_file,
    escalation,
    intake,
    purpose,
    question,
    request_evidence,
    settlement,
    small_talk,
    upload,
)
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.wish import Heard, hear
from bot.cases.words import say
from bot.store import models

CANNOT = re.compile(r"没(有)?(照片|图|拍(?!好|全|清)|视频|截图)(?!.{0,4}(?<!没)有(?:照片|图|视频))(?!没?问题)|[拍发传]不[了上到]|没法[拍发传]|不(?:愿意?|乐意|想)[拍发传]|别让我拍|(照片|图片?|视频|截图)[也都可]?(没有(?!问题|拍|传)|没[拍留存了]|木有)|拍不了|发不了|不会(拍|发|传)|扔了|丢了|删了")
PACKING_GONE = re.compile(r"(?:盒子?|箱子?|袋子?|包装|外壳|瓶盖|塑料膜|泡沫|快递单|面单|吊牌)(?:也|都|早就?|已经?|当时|全|就|被我|我|给|随手|顺手|直接)*(?:扔|丢)(?:掉)?了")
"""「盒子扔了」: what it came in is gone, the goods can still be photographed."""
NONE_THERE = re.compile(r"\W*(?:这个|那个|真的?|都|确实|现在|我)*(?:没[有得]?|木有|冇|无|不行|不想|不要|不用|懒得|不方便|没办法)(?:了|啊|啦|呀|哦|呢|的|诶|欸|吧|嘛|哈)*\W*")
"""A message that is nothing but a no to what was asked for."""
PICTURE = re.compile(r"图|照|拍|视频|截|凭证|证据|[发传]不|不[发传]|(?<!没)[扔丢]")
JUST_SENT = re.compile(r"(已经?|都|刚)?(图|照片|视频|截图)?(都|已经?)?(发|拍|传|上传)(好|过去)?(给你们?|你们?)?了?[。.!！~]*")
"""A message that says nothing but that it was sent."""
LATER = re.compile(r"(等|过)(一?下|一?会|等)|待会|一?会儿?(再|就)?(发|拍|传|给)|(?:马上|正在|在|给你)拍|^马上|等哈|找找|晚(点|些|上)|稍后|回(头|家|去)(再|拍|发|给)|下班|明天|在上班|在外面|不在家")
SENT = re.compile(r"图|照|拍|视频|截|发|传|上传|给你|这(个|样)|看")


def take_evidence(session: Session, turn: Turn) -> Answer:
    """The evidence that was asked for came; the case goes on with it."""
    row = case_file.current(session, turn)
    if row is None:
        return intake.open_case(session, turn)
    if cannot(row, turn.text):
        return no_evidence(session, turn)
    of_another = intake.corrected(session, turn, row)
    if of_another is not None:
        return of_another
    why_asked = purpose.tell_if_asked(session, turn)
    if why_asked is not None:
        return why_asked
    if question.mostly(turn.text):
        return question.answer_question(session, turn)
    if comes_later(session, row, turn):
        return small_talk.stay(turn, Reply(say("evidence_waits", turn.said)))
    if row.state in {"settled", "awaiting_return"}:
        # Kept with the case; what was done is not done, nor told as if it were, again.
        upload.attach(session, row)
        return intake.open_case(session, turn)
    if not SENT.search(turn.text) and intake.about_another(session, turn, row):
        return intake.open_case(session, turn)
    heard = hear(turn)
    if not JUST_SENT.fullmatch(turn.text.strip()):  # 「照片发了」 tells of a picture, though the model hears a parcel in 发
        case_file.add(session, row, turn, Heard(heard.wish, turn.issues, heard.facts))
    needs = [str(kind) for kind in row.facts.get("needs", [])]
    if turn.recorded:
        return with_files(session, row, turn, needs)
    if row.state == "awaiting_evidence" and not SENT.search(turn.text) and turn.intent != "provide_evidence":
        # Words about the matter, not evidence: the facts are kept, the question stays open.
        return settlement.advance(session, row, turn)
    for kind in needs or ["photo"]:
        keep(session, row, turn, kind)
    row.facts = {name: value for name, value in row.facts.items() if name != "needs"}
    if row.state == "with_person":
        return Answer((Reply(say("in_queue_facts", turn.said)),), None, row.case_id)
    taken = Reply(say("evidence_taken", turn.said, what=request_evidence.named(needs or ["photo"])))
    answer = settlement.advance(session, row, turn)
    return Answer((taken, *answer.replies), answer.awaiting, answer.case_id, answer.pending)


def comes_later(session: Session, row: models.Case, turn: Turn) -> bool:
    """「晚点拍」: neither sent nor refused; nothing of what was asked for is there yet."""
    came = upload.given(session, row) & {str(kind) for kind in row.facts.get("needs", [])}
    return row.state == "awaiting_evidence" and not came and LATER.search(turn.text) is not None and not cannot(row, turn.text)


def cannot(row: models.Case, text: str) -> bool:
    """Whether the words say that what was asked for cannot be sent."""
    parcel_asked = "parcel_photo" in row.facts.get("needs", ())
    return CANNOT.search(text if parcel_asked else PACKING_GONE.sub("", text)) is not None


def with_files(session: Session, row: models.Case, turn: Turn, needs: list[str]) -> Answer:
    """The files that came are on the case already; it goes on with them, or asks for what is still missing."""
    upload.attach(session, row)
    if row.state == "with_person":
        return Answer((Reply(say("in_queue_facts", turn.said)),), None, row.case_id)
    came = [kind for kind in needs if kind in upload.given(session, row)]
    if needs and not came and not turn.choice:
        if JUST_SENT.fullmatch(turn.text.strip()):
            return asked_still(row, turn, "evidence_not_here", needs)
        if turn.intent in {"affirm", "accept_offer"}:
            return small_talk.stay(turn, Reply(say("evidence_waits", turn.said)))
    row.facts = {name: value for name, value in row.facts.items() if name != "needs"}
    answer = settlement.advance(session, row, turn)
    if not came:
        return answer
    taken = Reply(say("evidence_taken", turn.said, what=request_evidence.named(came)))
    return Answer((taken, *answer.replies), answer.awaiting, answer.case_id, answer.pending)


def asked_still(row: models.Case, turn: Turn, key: str, needs: list[str]) -> Answer:
    """The question stays as it is, and so does the way out of it."""
    choices = (Choice("evidence:none", say("button_no_evidence")), Choice("human", say("button_human")))
    return Answer((Reply(say(key, turn.said, what=request_evidence.named(needs)), choices),), "evidence", row.case_id, turn.pending or None)


def keep(session: Session, row: models.Case, turn: Turn, kind: str) -> None:
    """Writes one announced piece of evidence; the same announcement twice is one."""
    sha256 = hashlib.sha256(f"{turn.conversation_id}/{row.case_id}/{kind}/{turn.text}".encode()).hexdigest()
    known = session.scalars(
        select(models.Evidence).where(models.Evidence.case_id == row.case_id, models.Evidence.kind == kind)
    ).first()
    if known is None:
        session.add(
            models.Evidence(
                evidence_id=f"evi_{uuid.uuid4().hex[:16]}", case_id=row.case_id, kind=kind, sha256=sha256, at=turn.at,
                path=f"{upload.TOLD}{turn.conversation_id}",
            )
        )
        session.flush()
        audit.write(session, turn.at, "customer", "evidence", row.case_id, kind=kind)


def no_evidence(session: Session, turn: Turn) -> Answer:
    """No evidence can be had: never a refusal for that alone; a person checks. Words about anything else leave the question open."""
    row = case_file.current(session, turn)
    if row is None:
        return intake.open_case(session, turn)
    if row.state == "with_person":
        return Answer((Reply(say("in_queue_facts", turn.said)),), None, row.case_id)
    if comes_later(session, row, turn):
        return small_talk.stay(turn, Reply(say("evidence_waits", turn.said)))
    of_another = intake.corrected(session, turn, row)
    if of_another is not None:
        return of_another
    if not says_none(row, turn):
        return other_words(session, row, turn)
    needs = [str(kind) for kind in row.facts.get("needs", [])] or ["photo"]
    why = say("no_evidence", turn.said, what=request_evidence.named(needs))
    answer = escalation.hand_over(session, turn, "dispute", why=why, row=row)
    return answer


def says_none(row: models.Case, turn: Turn) -> bool:
    """Whether the customer has none: by the button, or in words. 「运费我可不出」 is a no to something else."""
    text = turn.text.strip()
    no_picture = turn.intent in {"deny", "reject_offer"} and PICTURE.search(text) is not None
    return turn.choice is not None or cannot(row, text) or NONE_THERE.fullmatch(text) is not None or no_picture


def other_words(session: Session, row: models.Case, turn: Turn) -> Answer:
    """Neither evidence nor that there is none: what is known of a question is answered, what is told is kept, and the
    question asked once more; the second time a person takes over."""
    found = question.reply_to(turn.text, turn.said)
    if found is not None:
        return small_talk.stay(turn, found)
    if turn.unclear >= 1:
        return escalation.hand_over(session, turn, "unknown_rule", why=say("why_failed"), row=row)
    # 「太少了」 says nothing of the goods, though the model hears a missing piece in it.
    told = () if turn.intent == "reject_offer" else turn.issues
    case_file.add(session, row, turn, Heard(None, told, hear(turn).facts))
    answer = settlement.advance(session, row, turn)
    return msgspec.structs.replace(answer, unclear=turn.unclear + 1) if answer.awaiting == "evidence" else answer
