"""A customer asks for a person, an agent does the work, the owner looks at it: three browsers, one product."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from sqlalchemy import select

from bot.store import models
from bot.store.database import session
from tests.browser.conftest import Open, Shop, ask_for_person, chat_of, desk_of, say, shoot, sign_in
from tests.browser.test_accessible import faults
from tests.browser.test_chat import LAMP, MUG, PHONE, UNPROTECTED, paid_to, send_picture
from tests.dialogues.shop import NOW
from tests.promises.product import Customer


def test_a_person_is_asked_for_answers_pays_and_gives_back(shop: Shop, open_page: Open) -> None:
    customer = shop.customer(LAMP)
    desk = desk_of(open_page, "小李")
    chat = chat_of(open_page, customer, "护眼台灯", "phone")
    say(chat, "台灯底座有划痕，不影响用")
    expect(chat.get_by_label("需要的凭证")).to_be_visible()
    send_picture(chat, "问题部位照片")
    expect(chat.get_by_label("处理方案")).to_be_visible()
    ask_for_person(chat)
    expect(chat.get_by_role("status")).to_contain_text("排队")
    shoot(chat, "chat-queue-phone")

    desk.get_by_role("navigation", name="案件").get_by_role("button", name=customer.name).click()
    desk.get_by_role("button", name="接手").click()
    expect(chat.get_by_role("status")).to_contain_text("小李")
    desk.get_by_label("回复顾客").fill("您好，我看到您的台灯了")
    desk.get_by_role("button", name="发送", exact=True).click()
    expect(chat.get_by_role("log")).to_contain_text("您好，我看到您的台灯了")
    shoot(desk, "desk-case")

    desk.get_by_role("button", name="给方案").click()
    dialog = desk.get_by_role("dialog", name="给顾客一个方案")
    dialog.get_by_label("金额（元）").fill("5")
    shoot(desk, "desk-offer")
    dialog.get_by_role("button", name="发给顾客").click()
    offer = chat.get_by_label("处理方案").filter(has_text="5.00元")
    expect(offer).to_be_visible()
    shoot(chat, "chat-agent-offer-phone")
    offer.get_by_role("button", name="部分退款5.00元").click()
    expect(chat.get_by_label("处理结果").last).to_contain_text("5.00")
    assert paid_to(shop, customer) == [("refund_part", 500)]

    desk.get_by_role("button", name="交回助手").click()
    desk.get_by_role("dialog", name="交回助手").get_by_role("button", name="交回助手").click()
    expect(chat.get_by_role("status")).to_contain_text("智能助手")
    heard = chat.locator("article.message.bot")
    before = heard.count()
    say(chat, "你好")
    expect(heard).not_to_have_count(before)
    shoot(chat, "chat-back-phone")


def test_above_the_cap_a_supervisor_confirms(shop: Shop, open_page: Open) -> None:
    customer = shop.customer(UNPROTECTED)
    chat = chat_of(open_page, customer, "星河14 5G手机")
    say(chat, "手机降价了，退我差价")
    expect(chat.get_by_label("未能支持的原因")).to_be_visible()
    ask_for_person(chat)
    agent, supervisor = desk_of(open_page, "小李"), desk_of(open_page, "老陈")
    agent.get_by_role("navigation", name="案件").get_by_role("button", name=customer.name).click()
    agent.get_by_role("button", name="接手").click()
    agent.get_by_role("tab", name="订单").click()
    expect(agent.get_by_role("img", name="价格走势")).to_be_visible()
    shoot(agent, "desk-order")
    expect(agent.get_by_role("button", name="拒绝", exact=True)).to_be_enabled()
    offer(agent, "300")
    expect(agent.get_by_role("alert").filter(has_text="更多需要主管来办")).to_be_visible()
    agent.get_by_role("dialog", name="给顾客一个方案").get_by_role("button", name="取消").click()
    agent.get_by_role("button", name="转同事").click()
    agent.get_by_role("dialog", name="转给同事").locator("label", has_text="老陈").click()
    agent.get_by_role("button", name="转给他").click()
    supervisor.get_by_role("button", name="我的").click()
    supervisor.get_by_role("navigation", name="案件").get_by_role("button", name=customer.name).click()
    offer(supervisor, "300")
    expect(chat.get_by_label("处理方案").filter(has_text="300.00元")).to_be_visible()


def offer(desk: Page, yuan: str) -> None:
    desk.get_by_role("button", name="给方案").click()
    dialog = desk.get_by_role("dialog", name="给顾客一个方案")
    dialog.get_by_label("金额（元）").fill(yuan)
    dialog.get_by_role("button", name="发给顾客").click()


def test_an_order_is_put_on_a_case_by_keyboard_on_a_phone(shop: Shop, open_page: Open) -> None:
    customer = shop.customer(MUG, LAMP)
    Customer(shop.port, customer.customer_id).ask("c1", "转人工")
    desk = desk_of(open_page, "小王", "phone")
    desk.get_by_role("navigation", name="案件").get_by_role("button", name=customer.name).click()
    desk.get_by_role("button", name="接手").click()
    desk.get_by_role("button", name="对上订单").click()
    dialog = desk.get_by_role("dialog", name="这个案件是哪一单")
    expect(dialog.get_by_role("radio")).to_have_count(2)
    expect(dialog.get_by_role("button", name="就是这一单")).to_be_disabled()
    dialog.get_by_role("radio", name="护眼台灯").focus()
    desk.keyboard.press("Space")
    shoot(desk, "desk-put-order-phone")
    assert faults(desk) == []
    dialog.get_by_role("button", name="就是这一单").press("Enter")
    expect(desk.get_by_role("button", name="对上订单")).to_have_count(0)
    expect(desk.get_by_role("button", name="批准应付")).to_be_enabled()
    assert paid_to(shop, customer) == []


def test_one_case_is_one_agents(shop: Shop, open_page: Open) -> None:
    customer = shop.customer(MUG)
    first, second = desk_of(open_page, "小李"), desk_of(open_page, "小王")
    chat = chat_of(open_page, customer, "手绘马克杯")
    ask_for_person(chat)
    for desk in (first, second):
        desk.get_by_role("navigation", name="案件").get_by_role("button", name=customer.name).click()
    first.get_by_role("button", name="接手").click()
    expect(second.get_by_text("这个案件在同事手里")).to_be_visible()
    expect(second.get_by_role("button", name="接手")).to_have_count(0)


def test_the_owner_sees_the_numbers(shop: Shop, open_page: Open) -> None:
    owed = chat_of(open_page, shop.customer(PHONE), "星河14 5G手机")
    say(owed, "手机降价了，退我差价")
    expect(owed.get_by_label("处理结果")).to_contain_text("500.00")
    late = chat_of(open_page, shop.customer({**LAMP, "shipped": 4}), "护眼台灯")
    say(late, "发货太慢了，赔我")
    late.get_by_label("处理方案").get_by_role("button").first.click()
    expect(late.get_by_label("处理结果")).to_be_visible()
    page = open_page("/insight")
    sign_in(page, "老板")
    overview = page.get_by_label("总览")
    expect(overview).to_contain_text(re.compile(r"[1-9]\d* 件"))
    # What is owed, what was given beyond it, and the budget that only the latter is held against.
    spent = {name: overview.locator("div", has=page.get_by_role("heading", name=name, exact=True)) for name in ("应得", "善意补偿", "11 月善意预算")}
    expect(spent["应得"]).to_contain_text(re.compile(r"[5-9]\d\d\.\d\d元"))
    goodwill = re.search(r"\d+\.\d\d元", spent["善意补偿"].inner_text())
    assert goodwill is not None
    assert goodwill[0] != "0.00元"
    expect(spent["11 月善意预算"]).to_contain_text(f"已给 {goodwill[0]}")
    expect(spent["11 月善意预算"]).not_to_contain_text("请留意")
    expect(page.locator("canvas, svg").first).to_be_visible()
    understood = page.get_by_label("听懂了多少")
    expect(understood).to_contain_text("没有连上 RabbitMQ")
    with session(shop.database_url) as db:
        talk = db.scalars(select(models.Conversation.conversation_id)).first()
        for number, (intent, confidence) in enumerate((("refund", 0.9), ("policy", 0.2), ("policy", 0.4), ("logistics", 0.8))):
            db.add(models.Understanding(event_id=f"e{number}", conversation_id=talk, at=NOW, intent=intent, confidence=confidence))
    page.get_by_role("button", name="查看").click()
    expect(understood).to_contain_text("听了 4 句话，拿不准（把握不到 45%）的有 2 句，占 50.0%")
    expect(understood.get_by_role("row", name="问售后规则 2")).to_be_visible()
    shoot(page, "insight")


def test_the_owner_changes_the_policy(shop: Shop, open_page: Open) -> None:
    page = open_page("/insight")
    sign_in(page, "老板")
    page.get_by_role("button", name="政策").click()
    text = page.get_by_role("textbox", name="政策")
    expect(text).to_have_value(re.compile("wait_minutes: 3"))
    before = text.input_value()
    text.fill(before.replace("wait_minutes: 3", "wait_minutes: 9"))
    page.get_by_role("button", name="检查并预览").click()
    expect(page.get_by_role("alert")).to_contain_text("service.wait_minutes")
    expect(page.get_by_role("button", name="生效")).to_be_disabled()
    text.fill(before.replace("wait_minutes: 3", "wait_minutes: 2"))
    page.get_by_role("button", name="检查并预览").click()
    expect(page.get_by_label("预览")).to_contain_text(re.compile("检查通过|重算了"))
    shoot(page, "policy")
    page.get_by_role("button", name="生效").click()
    expect(page.get_by_role("status")).to_contain_text("已生效")
    expect(page.get_by_label("历史").get_by_role("row")).to_have_count(3)
    assert faults(page) == []


def test_an_agent_practises_and_gets_a_score(shop: Shop, open_page: Open) -> None:
    desk = desk_of(open_page, "小王")
    desk.get_by_role("button", name="练习").click()
    desk.get_by_role("button", name="运输破损").click()
    talk = desk.get_by_role("log", name="和模拟顾客的对话")
    expect(talk).to_contain_text("顾客")
    desk.get_by_label("金额（元）").fill("0.50")
    desk.get_by_role("button", name="给方案").click()
    expect(talk).to_contain_text("部分退款 0.50元")
    shoot(desk, "desk-practice")
    if not desk.get_by_text("再来一单").is_visible():
        desk.get_by_role("button", name="到此为止").click()
    expect(desk.locator(".score")).to_contain_text("助手")
    shoot(desk, "desk-practice-score")
    assert faults(desk) == []
