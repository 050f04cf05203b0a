"""A customer in a real browser: settles by clicking, sends a picture and negotiates, is cut off and comes back."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from bot.store import models
from bot.store.database import session
from tests.browser.conftest import PATIENT_MS, Customer, Open, Shop, chat_of, press, say, shoot
from tests.web.conftest import customer_token

PHONE = {
    "goods": "phone", "unit": 599900, "paid": 3, "delivered": 1, "labels": ["return7", "price_protection"],
    "protection": {"days": 15, "ratio": 1.0, "excluded_kinds": [], "from": "paid"}, "prices": [[0.1, 549900, "direct"]],
}
MUG = {"goods": "mug", "unit": 8900, "paid": 6, "delivered": 3}
UNPROTECTED = {**PHONE, "labels": ["return7"], "protection": None, "prices": [[20, 549900, "direct"]]}
LAMP = {"goods": "lamp", "unit": 8800, "paid": 8, "shipped": 7, "delivered": 2}


def paid_to(shop: Shop, customer: Customer) -> list[tuple[str, int]]:
    """What the platform really paid to this customer."""
    with session(shop.database_url, read_only=True) as db:
        rows = db.execute(
            select(models.Payout.remedy, models.Payout.fen)
            .join(models.Order, models.Order.order_id == models.Payout.order_id)
            .where(models.Order.customer_id == customer.customer_id)
        )
        return [(remedy, fen) for remedy, fen in rows]


def picture() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((800, 600), 60).convert("RGB").save(out, "JPEG")
    return out.getvalue()


@contextmanager
def serving(port: int, html: str) -> Iterator[str]:
    """A shop's own server with one page, on another origin than ours."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.shutdown()
        server.server_close()


def send_picture(page: Page, what: str) -> None:
    page.locator("input[type=file]").set_input_files({"name": "照片.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    tray = page.get_by_label("准备发送的文件")
    tray.get_by_label("这是").select_option(label=what)
    tray.get_by_role("button", name="发送", exact=True).click()


def says(page: Page, *words: str) -> None:
    """The customer's own messages are these, as soon as the page shows them as sent."""
    expect(page.locator("article.message.customer .bubble")).to_have_text(list(words), use_inner_text=True)


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_price_protection_is_settled_by_clicking(shop: Shop, open_page: Open, size: str) -> None:
    customer = shop.customer(PHONE, LAMP)
    page = chat_of(open_page, customer, "星河14 5G手机", size)
    press(page, "就是这件")
    press(page, "降价了")
    result = page.get_by_label("处理结果")
    expect(result.get_by_role("table", name="差价怎么算的")).to_contain_text(re.compile("5999.00.*5499.00.*应补差价.*500.00", re.DOTALL))
    assert paid_to(shop, customer) == [("price_difference", 50000)]
    shoot(page, f"chat-price-protection-{size}")
    page.locator("label", has_text="5 星").click()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("谢谢您的评价")).to_be_visible()
    shoot(page, f"chat-rating-{size}")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_picture_is_sent_an_offer_negotiated_and_accepted(shop: Shop, open_page: Open, size: str) -> None:
    customer = shop.customer(MUG)
    page = chat_of(open_page, customer, "手绘马克杯", size)
    say(page, "收到的时候有一只杯子是碎的")
    expect(page.get_by_role("log")).to_contain_text("照片")
    send_picture(page, "问题部位照片")
    expect(page.get_by_label("需要的凭证").last).not_to_contain_text("问题部位照片")
    send_picture(page, "外包装和面单照片")
    offers = page.get_by_label("处理方案")
    expect(offers.first).to_be_visible()
    shoot(page, f"chat-offer-{size}")
    press(page, "换个方案")
    expect(offers).to_have_count(2)
    offers.last.get_by_role("button", name="接受").first.click()
    expect(page.get_by_label("处理结果")).to_be_visible()
    expect(offers.last.get_by_role("button", name="接受")).to_have_count(0)
    expect(page.get_by_label("处理进度")).to_contain_text("等您寄回")
    shoot(page, f"chat-accepted-{size}")


def test_a_refusal_says_why_and_what_is_left(shop: Shop, open_page: Open) -> None:
    page = chat_of(open_page, shop.customer(UNPROTECTED), "星河14 5G手机", "phone")
    say(page, "手机降价了，退我差价")
    refusal = page.get_by_label("未能支持的原因")
    expect(refusal).to_contain_text("依据")
    expect(refusal).to_contain_text("您还可以")
    expect(page.get_by_label("处理方案").get_by_role("button", name="接受")).not_to_have_count(0)
    shoot(page, "chat-refused-phone")


def test_the_transcript_is_downloaded(shop: Shop, open_page: Open) -> None:
    page = chat_of(open_page, shop.customer(LAMP), "护眼台灯", "phone")
    say(page, "这个台灯可以调亮度吗")
    expect(page.locator("article.message.bot").last).to_be_visible()
    page.get_by_role("button", name="更多").click()
    page.get_by_role("button", name="大字显示").click()
    shoot(page, "chat-large-phone")
    page.get_by_role("button", name="更多").click()
    page.get_by_role("button", name="聊天记录").click()
    panel = page.get_by_role("dialog", name="聊天记录")
    with page.expect_download() as download:
        panel.get_by_role("button", name="下载").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert "顾客:这个台灯可以调亮度吗" in text and "智能客服小和:" in text
    shoot(page, "chat-transcript-phone")


def test_one_script_tag_puts_the_chat_into_a_shops_page(shop: Shop, open_page: Open) -> None:
    customer = shop.customer(LAMP)
    html = f'<!doctype html><title>别家的店</title><h1>护眼台灯</h1><script src="{shop.address}/embed.js" data-token="{customer_token(customer.customer_id)}"></script>'
    with serving(shop.shop_port, html) as address:
        page = open_page(address)
        page.get_by_role("button", name="联系客服").click()
        chat = page.frame_locator("iframe[title=客服聊天]")
        chat.get_by_label("输入消息").fill("你好")
        chat.get_by_role("button", name="发送", exact=True).click()
        expect(chat.locator("article.message.bot").last).to_be_visible()
        shoot(page, "shop-embedded")
        chat.get_by_role("button", name="收起聊天").click()
        expect(page.locator("iframe[title=客服聊天]")).to_be_hidden()


def test_two_browsers_show_one_conversation(shop: Shop, open_page: Open) -> None:
    customer = shop.customer(LAMP)
    here = chat_of(open_page, customer, "护眼台灯", "phone")
    there = chat_of(open_page, customer, "护眼台灯", "desktop")
    say(here, "这个台灯可以调亮度吗")
    expect(there.get_by_role("log")).to_contain_text("这个台灯可以调亮度吗")
    say(there, "好的谢谢")
    expect(here.get_by_role("log")).to_contain_text("好的谢谢")
    says(here, "这个台灯可以调亮度吗", "好的谢谢")
    says(there, "这个台灯可以调亮度吗", "好的谢谢")
    end = time.monotonic() + PATIENT_MS / 1000
    while (shown := here.locator("article.message").count()) != (other := there.locator("article.message").count()):
        assert time.monotonic() < end, (shown, other)
        here.wait_for_timeout(100)


def test_words_typed_before_the_chat_is_open_are_sent(shop: Shop, open_page: Open) -> None:
    customer = shop.customer(LAMP)
    page = open_page("/", "phone")
    page.get_by_label("我是").select_option(customer.customer_id)
    held: list[Route] = []
    page.route("**/api/v1/sessions", lambda route: held.append(route))
    page.get_by_role("link", name="联系客服：护眼台灯").click()
    say(page, "你好")
    expect(page.locator("article.pending")).to_have_count(1)
    while not held:
        page.wait_for_timeout(50)
    for route in held:
        route.continue_()
    expect(page.locator("article.message.bot").last).to_be_visible()
    says(page, "你好")


def test_a_cut_line_loses_nothing_and_doubles_nothing(shop: Shop, open_page: Open) -> None:
    customer = shop.customer(LAMP)
    page = chat_of(open_page, customer, "护眼台灯", "phone")
    say(page, "你好")
    expect(page.locator("article.message.bot").last).to_be_visible()
    shop.cut_line()
    say(page, "物流到哪了")
    say(page, "我还想问下怎么退货")
    expect(page.get_by_role("alert").filter(has_text="正在重连")).to_be_visible()
    expect(page.locator("article.pending")).to_have_count(2)
    shoot(page, "chat-cut-phone")
    shop.restore_line()
    expect(page.locator("article.pending")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    says(page, "你好", "物流到哪了", "我还想问下怎么退货")
    before = page.locator("article.message").all_inner_texts()
    page.reload()
    says(page, "你好", "物流到哪了", "我还想问下怎么退货")
    assert len(page.locator("article.message").all_inner_texts()) >= len(before)
