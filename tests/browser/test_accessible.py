"""axe-core finds no serious fault on any page; and the chat's first load is light."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from bot import processes
from tests.browser.conftest import Open, Shop, ask_for_person, chat_of, desk_of, say, shoot, sign_in
from tests.browser.test_chat import LAMP, MUG

AXE = processes.ROOT / "front" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}


def faults(page: Page) -> list[str]:
    """The serious faults, each with the elements it is about."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in front/")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {[node['html'][:120] for node in fault['nodes'][:3]]}" for fault in found["violations"] if fault["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_shop_and_chat(shop: Shop, open_page: Open, size: str) -> None:
    customer = shop.customer(MUG, LAMP)
    page = open_page("/", size)
    expect(page.get_by_label("我是")).to_be_visible()
    assert faults(page) == []
    shoot(page, f"shop-{size}")
    page = chat_of(open_page, customer, "手绘马克杯", size)
    say(page, "杯子碎了一只")
    expect(page.locator("article.message.bot").last).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="更多").click()
    expect(page.get_by_text("聊天记录")).to_be_visible()
    shoot(page, f"chat-menu-{size}")
    assert faults(page) == []


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_desk_and_insight(shop: Shop, open_page: Open, size: str) -> None:
    customer = shop.customer(MUG)
    ask_for_person(chat_of(open_page, customer, "手绘马克杯"))
    page = open_page("/desk", size)
    expect(page.get_by_label("用户名")).to_be_visible()
    assert faults(page) == []
    shoot(page, f"desk-sign-in-{size}")
    desk = desk_of(open_page, "小王", size)
    queue = desk.get_by_role("navigation", name="案件")
    expect(queue).to_contain_text(customer.name)
    shoot(desk, f"desk-queue-{size}")
    queue.get_by_role("button", name=customer.name).click()
    expect(desk.get_by_role("button", name="接手")).to_be_visible()
    assert faults(desk) == []
    shoot(desk, f"desk-watch-{size}")
    page = open_page("/insight", size)
    sign_in(page, "老板")
    expect(page.get_by_label("总览")).to_be_visible()
    assert faults(page) == []
    shoot(page, f"insight-{size}")


def test_the_chats_first_load_is_light(shop: Shop, open_page: Open) -> None:
    customer = shop.customer(LAMP)
    page = open_page("/", "phone")
    page.get_by_label("我是").select_option(customer.customer_id)
    address = page.get_by_role("link", name="联系客服：护眼台灯").get_attribute("href")
    fresh = open_page("/healthz", "phone")
    wire: list[int] = []
    session = fresh.context.new_cdp_session(fresh)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda done: wire.append(int(done["encodedDataLength"])))
    fresh.goto(str(address))
    expect(fresh.get_by_role("log")).to_contain_text("护眼台灯")
    assert 0 < sum(wire) <= 200_000
