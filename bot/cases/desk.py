"""What people at the desk do with a case. Each act is one transaction and a row in the audit trail.

Two agents can never hold one case: every act begins by locking its conversation, and the conversation
names the one agent who has it. Each change of hands grows the fence, so that a late bot word is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.aftersales.assessment import Assessment, RemedyDue
from bot.cases import (
    agent_offer,
    audit,
    case_file,
    duty,
    escalation,
    facts,
    judgement,
    listing,
    request_evidence,
    settlement,
    summary,
    upload,
)
from bot.cases.desk_refused import DeskRefused
from bot.cases.reply import Reply
from bot.cases.turn import Turn
from bot.cases.wish import natural_wish
from bot.cases.words import say, yuan
from bot.ledger import ledger
from bot.store import models
from bot.store.conversation import append, conversation_turn
from bot.store.database import session as open_session

FINISHED = frozenset({"settled", "withdrawn", "closed"})
OUTCOMES = ("settled", "refused", "withdrawn")
LEDGER_SAYS = {
    "already promised": "同样的办法已经答应过,数目不同,不能再答应一次",
    "paid for the line": "加上已退的会超过这件商品的实付",
    "paid for the order": "加上已退的会超过这一单的实付",
    "cap of the case": "会超过这个案件的上限,更多需要主管来办",
    "refunded and replaced": "同一件商品不能又退款又换货或补发",
}
"""The ledger's guards (bot/store/migrations 0002) in an agent's words."""


ONE_OPEN = ("ux_cases_open", "cases.order_id, cases.line_id, cases.wish")
"""How PostgreSQL and SQLite name the index that allows one open case for each line and wish."""


class Hold(msgspec.Struct, frozen=True):
    """One act under way: the locked conversation, its case, who acts, when."""

    session: Session
    row: models.Case
    conversation: models.Conversation
    agent: models.Agent
    at: datetime

    def write(self, sender: str, reply: Reply, client_id: str | None = None) -> models.Message:
        """Writes what the customer will read; an agent's words answer whatever the customer said so far."""
        choices = [{"id": choice.id, "label": choice.label} for choice in reply.choices]
        message = append(
            self.session, self.conversation, sender, reply.text, self.at, choices=choices, card=reply.card,
            author=self.agent.name if sender == "agent" else None, client_id=client_id,
        )
        if sender == "agent":
            self.conversation.answered_seq = self.conversation.heard_seq
            self.row.deadlines = escalation.other_deadlines(self.row)
        return message

    def written(self, client_id: str | None) -> models.Message | None:
        """What was written under this id before: the call comes again because its answer was lost."""
        talk = models.Message.conversation_id == self.conversation.conversation_id
        found: models.Message | None = self.session.scalars(select(models.Message).where(talk, models.Message.client_id == client_id)).first() if client_id else None
        return found

    def saw(self, seen: int | None) -> None:
        """The agent gives the conversation away having read it up to message `seen`. What the customer said after that
        still waits for an answer; so does, where nobody knows what was read (None), whatever no agent wrote an answer to."""
        if seen is not None:
            read = min(seen, self.conversation.heard_seq)
            self.conversation.answered_seq = max(self.conversation.answered_seq, read)

    def note(self, what: str, **detail: Any) -> None:
        audit.write(self.session, self.at, self.agent.name, what, self.row.case_id, **detail)

    @property
    def turn(self) -> Turn:
        return Turn(self.conversation.conversation_id, self.row.customer_id, "", self.at, recorded=True)

    @property
    def supervises(self) -> bool:
        return self.agent.role in {"supervisor", "owner"}

    @property
    def holds(self) -> bool:
        return self.conversation.owner == "agent" and self.conversation.agent_id == self.agent.name


@contextmanager
def hold(case_id: str, name: str, at: datetime, *, must_hold: bool = True) -> Iterator[Hold]:
    """Locks the case's conversation for one act of this agent. Raises DeskRefused: no such case, not this agent's."""
    with open_session() as session:
        row = session.get(models.Case, case_id)
        agent = session.get(models.Agent, name)
        if row is None or agent is None:
            raise DeskRefused("no_case", "没有这个案件", 404)
        with conversation_turn(session, row.conversation_id, customer_id=None, at=at) as conversation:
            session.refresh(row)
            act = Hold(session, row, conversation, agent, at)
            if must_hold and not act.holds:
                raise DeskRefused("not_yours", holder(conversation) or "请先接手这个案件")
            try:
                yield act
                row.updated_at = at
                session.flush()
            except IntegrityError as refused:
                if not any(index in str(refused.orig) for index in ONE_OPEN):
                    raise
                raise DeskRefused("case_open", "这件事刚刚在别的对话里有了未结的案件,请刷新后在那个案件里处理") from refused


def holder(conversation: models.Conversation) -> str:
    return f"案件在客服{conversation.agent_id}手里" if conversation.owner == "agent" else ""


def give(act: Hold, name: str) -> None:
    """The conversation and its waiting cases are this agent's from now on."""
    act.conversation.owner, act.conversation.agent_id = "agent", name
    act.conversation.fence += 1
    waiting = select(models.Case).where(
        models.Case.conversation_id == act.conversation.conversation_id, models.Case.state == "with_person"
    )
    for row in act.session.scalars(waiting).all():
        row.claimed_by = name


def leave(act: Hold, owner: str) -> None:
    """The agent has the conversation no more; it is the bot's or the queue's."""
    act.conversation.owner, act.conversation.agent_id = owner, None
    act.conversation.fence += 1


def claim(case_id: str, name: str, at: datetime, *, limit: int | None = None) -> None:
    """Takes the case; again by the same agent changes nothing. Raises DeskRefused where another has it, it is over, or the
    same matter was opened anew since.

    `limit`: given to the agent, not asked for; only while it waits in the queue, and the agent is at the desk with fewer
    conversations than this.
    """
    with hold(case_id, name, at, must_hold=False) as act:
        if act.holds and act.row.claimed_by == name:
            return
        if act.conversation.owner == "agent" and not act.holds:
            raise DeskRefused("taken", holder(act.conversation))
        if act.row.state in FINISHED or (limit is not None and act.conversation.owner != "queue"):
            raise DeskRefused("finished", "案件已经结束,不能再接手")
        other = case_file.under_way(act.session, act.row)
        if other is not act.row:
            raise DeskRefused("case_open", f"同一件事已有未结的案件 {other.case_id}({say(f'state_{other.state}')}),请接手那个案件")
        if limit is not None and not duty.free(act.session, act.agent, limit):
            raise DeskRefused("not_free", f"客服{name}刚刚离开,或手上已有 {limit} 个会话")
        joined = not act.holds
        act.row.state = "with_person"
        act.row.human_reason = act.row.human_reason or "asked"
        act.session.flush()
        give(act, name)
        act.note("claim", **({"assigned": True} if limit is not None else {}))
        if joined:
            act.write("system", Reply(say("agent_joined", name=name)))


def own(name: str, client_id: str | None) -> str | None:
    """An agent's client_id among those of everybody in the conversation."""
    return f"{name}:{client_id}" if client_id else None


def reply(case_id: str, name: str, text: str, at: datetime, client_id: str | None = None) -> int:
    """The agent's words; returns their seq. The same client_id again is the same message."""
    with hold(case_id, name, at) as act:
        before = act.conversation.last_seq
        message = act.write("agent", Reply(text), client_id=own(name, client_id))
        if message.seq > before:
            act.note("reply", seq=message.seq)
        return int(message.seq)


def offer(
    case_id: str, name: str, remedy: str, fen: int, at: datetime, text: str | None = None, client_id: str | None = None
) -> tuple[str, int]:
    """Offers; returns (offer_id, seq), the same for the same client_id. A supervisor may do it for a case that another agent has."""
    with hold(case_id, name, at, must_hold=False) as act:
        if not act.holds and not (act.supervises and act.conversation.owner == "agent"):
            raise DeskRefused("not_yours", holder(act.conversation) or "请先接手这个案件")
        message = act.written(own(name, client_id))
        if message is None:
            _, words = agent_offer.write(act.session, act.row, act.agent, remedy, fen, at)
            if text:
                words = msgspec.structs.replace(words, text=f"{text}\n{words.text}")
            message = act.write("agent", words, own(name, client_id))
        return str((message.card or {}).get("offer_id")), int(message.seq)


def approve(case_id: str, name: str, at: datetime, remedy: str | None = None) -> tuple[int, list[dict[str, Any]]]:
    """Does what the rules owe; returns (seq, ledger rows). `remedy` chooses where several forms are owed."""
    with hold(case_id, name, at) as act:
        if act.row.order_id is None:
            raise DeskRefused("no_order", "案件还没有对应的订单,无法核准")
        assessment = agent_offer.assessed(act.session, act.row, at)
        due = owed_form(assessment, remedy)
        sides = [(str(side.remedy), side.fen, 0) for side in assessment.remedies if side.remedy in settlement.SIDE and side.kind == "owed"]
        parts = [(str(due.remedy), due.fen, 0), *sides]
        try:
            done = settlement.fulfil(act.session, act.row, parts, return_needed=due.return_needed, at=at, by=name)
        except ledger.LedgerRefused as refused:
            raise DeskRefused("ledger", f"账本没有接受:{reason_of(refused)}") from refused
        waits = any(entry["state"] == "awaiting_return" for entry in done)
        act.row.state = "awaiting_return" if waits else "settled"
        act.note("approve", remedies=[part[0] for part in parts])
        act.session.flush()
        with_sum = due.remedy == "price_difference"
        why = settlement.sum_of(assessment) if with_sum else ""
        text = say("agent_approved") + why + settlement.say_done(done, assessment, act.row, act.turn)
        message = act.write("agent", Reply(text, card=settlement.settled_card(act.row, done, assessment, with_sum=with_sum)))
        return int(message.seq), done


def reason_of(refused: ledger.LedgerRefused) -> str:
    """Why the ledger did not take it, in an agent's words; its own words where there are none."""
    return next((told for guard, told in LEDGER_SAYS.items() if guard in str(refused)), str(refused))


def owed_form(assessment: Assessment, remedy: str | None) -> RemedyDue:
    """The owed remedy to do. Raises DeskRefused where none is owed or the choice is open."""
    if assessment.decision == "needs_evidence":
        missing = request_evidence.named(list(assessment.needs)) or "物流核实的结果"
        raise DeskRefused("nothing_owed", f"还缺{missing},按规则还不能核准;可以向顾客要,或改用方案(offer)")
    owed = [due for due in assessment.owed if due.remedy not in settlement.SIDE]
    names = "、".join(dict.fromkeys(str(due.remedy) for due in owed))
    if not owed:
        raise DeskRefused("nothing_owed", "按规则没有必须办的,请改用方案(offer)")
    fitting = [due for due in owed if due.remedy == remedy] if remedy else owed
    if len(fitting) != 1:
        raise DeskRefused("choose", f"remedy:请在 {names} 里选一种", 400)
    return fitting[0]


def refuse(case_id: str, name: str, at: datetime, text: str | None = None) -> int:
    """Refuses with the rules' own reasons, only where by the rules nothing is owed; returns the message's seq."""
    with hold(case_id, name, at) as act:
        if act.row.order_id is None:
            raise DeskRefused("no_order", "案件还没有对应的订单,不能按规则拒绝")
        try:
            assessment = judgement.judge(act.session, act.row, facts.case_of(act.session, act.row, at), at)
        except (LookupError, msgspec.ValidationError) as missing:
            raise DeskRefused("not_assessed", "案件还缺少订单或诉求,不能按规则拒绝") from missing
        if not refusable(assessment):
            raise DeskRefused("not_refusable", f"规则的结论是 {assessment.decision},不是拒绝;请给方案或核准应付的")
        settlement.record(act.session, act.row, assessment, at)
        act.row.state = "refused"
        act.note("refuse", rules=[reason.rule for reason in assessment.reasons])
        source = assessment.reasons[0].source if assessment.reasons else ""
        lines = [text or "", "".join(reason.text for reason in assessment.reasons) + (say("answer_source", source=source) if source else "")]
        if assessment.options_for_customer:
            lines += [say("ways_left"), *(f"· {way}" for way in assessment.options_for_customer)]
        card = {
            "kind": "refused", "case_id": act.row.case_id, "options": list(assessment.options_for_customer),
            "reasons": [{"rule": reason.rule, "text": reason.text, "source": reason.source} for reason in assessment.reasons],
        }
        return int(act.write("agent", Reply("\n".join(line for line in lines if line), card=card)).seq)


def refusable(assessment: Assessment) -> bool:
    """Whether the rules have judged and found nothing owed; goodwill may be offered, and need not be."""
    return assessment.decision in {"refused", "negotiable"} and not assessment.owed


def put_order(case_id: str, name: str, order_id: str, line_id: str, at: datetime) -> None:
    """Says which of the customer's goods a case without an order is about, and assesses it; no money moves, the customer hears nothing.

    The same line again changes nothing. Raises DeskRefused: the case has another order, the line is not this customer's,
    or another case about it is still open.
    """
    with hold(case_id, name, at) as act:
        row = act.row
        if (row.order_id, row.line_id) == (order_id, line_id):
            return
        if row.order_id is not None:
            raise DeskRefused("has_order", f"案件已经对应订单 {row.order_id},不能改成别的订单")
        lines = listing.lines_of(act.session, row.customer_id or "")
        if all((line.order_id, line.line_id) != (order_id, line_id) for line in lines):
            raise DeskRefused("not_theirs", "order_id、line_id:应为这位顾客自己的订单和商品", 404)
        other = case_file.open_of_line(act.session, row.customer_id, order_id, line_id)
        if other is not None:
            raise DeskRefused("case_open", f"这件商品已有未结的案件 {other.case_id}({say(f'state_{other.state}')}),请在那个案件里处理")
        row.order_id, row.line_id = order_id, line_id
        if row.wish is None:
            row.wish, row.facts = natural_wish(row.issues), {**row.facts, case_file.ASSUMED: True}
        act.note("put_order", order_id=order_id, line_id=line_id)
        agent_offer.assessed(act.session, row, at)
        row.summary = summary.of(act.session, row, at)


def ask_evidence(case_id: str, name: str, kinds: Sequence[str], at: datetime, text: str | None = None) -> int:
    """Asks the customer for evidence; returns the message's seq."""
    unknown = [kind for kind in kinds if kind not in upload.KINDS]
    if unknown or not kinds:
        raise DeskRefused("bad_kinds", f"kinds:请从 {'、'.join(upload.KINDS)} 里选", 400)
    with hold(case_id, name, at) as act:
        act.row.facts = {**act.row.facts, "needs": list(kinds)}
        act.note("ask_evidence", kinds=list(kinds))
        words = text or say("agent_needs", what=request_evidence.named(list(kinds)))
        card = {"kind": "needs_evidence", "case_id": act.row.case_id, "needs": list(kinds)}
        return int(act.write("agent", Reply(words, card=card)).seq)


def return_to_bot(case_id: str, name: str, at: datetime, note: str | None = None, *, seen: int | None = None) -> None:
    """The bot goes on with everything that is known; what the agent's desk had shown (`seen`, see Hold.saw) counts as answered."""
    with hold(case_id, name, at) as act:
        leave(act, "bot")
        act.saw(seen)
        theirs = select(models.Case).where(models.Case.conversation_id == act.conversation.conversation_id, models.Case.state == "with_person")
        for row in act.session.scalars(theirs).all():
            row.state, row.claimed_by, row.deadlines = "open", None, escalation.other_deadlines(row)
        act.row.summary = summary.of(act.session, act.row, at)
        act.note("return_to_bot", note=note)
        act.write("system", Reply(say("agent_returned", name=name)))


def resolve(case_id: str, name: str, outcome: str, at: datetime, *, seen: int | None = None) -> None:
    """Ends the case: `settled`, `refused`, `withdrawn`, or closed with the agent's words; `returned_empty` closes it, too.
    `seen` is the last message the agent's desk had shown, see Hold.saw.

    Raises DeskRefused while something owed is neither done nor taken back by the customer; a supervisor
    may close it even so, and stands in the audit trail for it.
    """
    with hold(case_id, name, at) as act:
        owed = agent_offer.still_owed(act.session, act.row)
        if owed and outcome != "withdrawn" and not act.supervises:
            raise DeskRefused("owed", f"按规则还欠顾客 {yuan(owed)} 没有办,请先核准或给方案;顾客自己撤回的写 withdrawn")
        if act.row.state not in FINISHED | {"awaiting_return"}:
            act.row.state = outcome if outcome in OUTCOMES else "closed"
        act.row.deadlines = escalation.other_deadlines(act.row)
        act.row.summary = summary.of(act.session, act.row, at)
        act.note("resolve", outcome=outcome, still_owed_fen=owed)
        act.session.flush()
        others = select(models.Case.case_id).where(
            models.Case.conversation_id == act.conversation.conversation_id,
            models.Case.state == "with_person", models.Case.case_id != act.row.case_id,
        )
        if act.session.scalars(others).first() is None:
            leave(act, "bot")
        act.saw(seen)
        words = say(f"outcome_{outcome}") if outcome in (*OUTCOMES, facts.EMPTY) else outcome
        # The desk's own word for an empty parcel is a signal, not for the customer's page.
        told = "closed" if outcome == facts.EMPTY else outcome
        act.write("system", Reply(say("agent_resolved", outcome=words), card={"kind": "resolved", "case_id": act.row.case_id, "outcome": told}))


def release(case_id: str, name: str, at: datetime) -> None:
    """Back to the queue; a supervisor may do it for another agent."""
    with hold(case_id, name, at, must_hold=False) as act:
        if not act.holds and not (act.supervises and act.conversation.owner == "agent"):
            raise DeskRefused("not_yours", holder(act.conversation) or "这个案件不在任何客服手里")
        to_queue(act, "release")


def to_queue(act: Hold, what: str) -> None:
    """Puts the conversation's cases back; the one that brought the agent in waits even where it had ended nothing."""
    before = act.conversation.agent_id
    leave(act, "queue")
    theirs = select(models.Case).where(models.Case.conversation_id == act.conversation.conversation_id, models.Case.state == "with_person")
    rows = act.session.scalars(theirs).all()
    if not rows:
        act.conversation.owner = "bot"
    for row in rows:
        row.claimed_by = None
        if not any(deadline["what"] == escalation.REPLY_DEADLINE for deadline in row.deadlines):
            row.deadlines = [*row.deadlines, {"what": escalation.REPLY_DEADLINE, "at": duty.reply_by(act.at).isoformat()}]
    act.note(what, agent=before)
    act.write("system", Reply(say("agent_away" if rows else "agent_returned", name=before)))


def transfer(case_id: str, name: str, to: str, at: datetime) -> None:
    """To another agent."""
    with hold(case_id, name, at, must_hold=False) as act:
        if not act.holds and not (act.supervises and act.conversation.owner == "agent"):
            raise DeskRefused("not_yours", holder(act.conversation) or "请先接手这个案件")
        if act.session.get(models.Agent, to) is None:
            raise DeskRefused("no_agent", f"to:没有叫「{to}」的客服", 404)
        if act.conversation.agent_id == to:
            return
        give(act, to)
        act.note("transfer", to=to)
        act.write("system", Reply(say("agent_transferred", name=to)))


def note(case_id: str, name: str, text: str, at: datetime) -> None:
    """A private note; the customer never sees it."""
    with hold(case_id, name, at, must_hold=False) as act:
        act.note("note", text=text)


def give_back_of_absent(at: datetime) -> list[str]:
    """The cases of agents whose desks are gone go back to the queue; returns their conversations."""
    with open_session(read_only=True) as session:
        absent = duty.gone(session)
        held = session.execute(
            select(models.Conversation.conversation_id, models.Conversation.agent_id, models.Case.case_id)
            .join(models.Case, models.Case.conversation_id == models.Conversation.conversation_id)
            .where(models.Conversation.owner == "agent", models.Conversation.agent_id.in_(absent))
            .order_by(models.Case.updated_at)
        ).all()
    newest = {conversation_id: (agent, case_id) for conversation_id, agent, case_id in held}
    returned = []
    for conversation_id, (agent, case_id) in newest.items():
        with hold(case_id, agent, at, must_hold=False) as act:
            if act.holds and agent in duty.gone(act.session):
                to_queue(act, "away")
                returned.append(conversation_id)
    return returned
