"""A real Chromium in front of the real product: actions, Rasa and web over a database of their own.

Everything here is closed after the last browser test: Playwright keeps an event loop running in this thread
for as long as it is open, and other tests start loops of their own.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot import processes
from bot.load.product import Product, free_port
from bot.store import migration, models, snapshot
from bot.store.database import session
from bot.store.password import hashed
from bot.web.pages import STATIC
from tests.dialogues.shop import NOW, snapshot_of
from tests.web.conftest import PASSWORD

CHROMIUM = os.environ.get("HEQI_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
SCREENSHOTS = processes.ROOT / "var" / "screenshots"
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
SIZES = {"phone": PHONE, "desktop": DESKTOP}
PATIENT_MS = 60_000
"""For anything that is under way: a page that was cut off pauses up to 37 seconds before it tries again."""

expect.set_options(timeout=PATIENT_MS)


class Customer(NamedTuple):
    customer_id: str
    name: str


class Shop(Product):
    """The product with its shop: who has which orders, who sits at the desk."""

    def __init__(self, database_url: str, place: Path) -> None:
        self.shop_port = free_port()  # where a shop's own page may stand
        policy = place / "policy.yml"  # the owner changes it
        policy.write_bytes((processes.ROOT / "policy.yml").read_bytes())
        super().__init__(database_url, place, {"HEQI_NOW": NOW.isoformat(), "HEQI_POLICY": str(policy), "HEQI_MONTH_BUDGET_FEN": "50000", "HEQI_SHOP_ORIGINS": f"http://127.0.0.1:{self.shop_port}"})
        self.database_url = database_url
        self.customers = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def customer(self, *orders: dict[str, Any]) -> Customer:
        """A new customer with these orders (tests/dialogues/shop.py)."""
        self.customers += 1
        made = snapshot_of(self.customers, list(orders))
        known = made["customers"][0]
        known["name"] = f"顾客{self.customers}号"
        with session(self.database_url) as db:
            snapshot.merge(db, snapshot.read(json.dumps(made)), NOW)
        return Customer(known["customer_id"], known["name"])

    def cut_line(self) -> None:
        self.running["web"].stop()

    def restore_line(self) -> None:
        self.launch("web")
        self.running["web"].wait_ready()

    def staff(self, name: str, role: str) -> None:
        with session(self.database_url) as db:
            db.add(models.Agent(name=name, role=role, password_hash=hashed(PASSWORD)))


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium fonts-noto-cjk, or name one in HEQI_CHROMIUM")
    if not (STATIC / "chat.html").exists():
        pytest.skip("the pages are not built: make pages")
    place = tmp_path_factory.mktemp("browser")
    database_url = f"sqlite:///{place / 'heqi.db'}"
    migration.upgrade(database_url)
    product = Shop(database_url, place)
    for name, role in (("小李", "agent"), ("小王", "agent"), ("老陈", "supervisor"), ("老板", "owner")):
        product.staff(name, role)
    try:
        product.start()
        yield product
    finally:
        product.stop()


@pytest.fixture(scope="package")
def chromium(shop: Shop) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # In a container Chromium may have little shared memory, and as root no sandbox of its own to start.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])])
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture
def open_page(shop: Shop, chromium: Browser) -> Iterator[Open]:
    """Opens a page of the product in a browser of its own. What the page throws fails the test."""
    contexts, thrown = [], []

    def open_one(path: str, size: str = "desktop") -> Page:
        # Without motion nothing is measured or kept half-way through a transition.
        context = chromium.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", base_url=shop.address, reduced_motion="reduce", **SIZES[size]
        )
        context.set_default_timeout(PATIENT_MS)
        contexts.append(context)
        page = context.new_page()
        page.clock.set_fixed_time(NOW)
        page.on("pageerror", lambda fault: thrown.append(str(fault)))
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert thrown == []


def chat_of(open_page: Open, customer: Customer, goods: str, size: str = "desktop") -> Page:
    """The chat, opened as a customer does: the shop's page, one of the orders, 「联系客服」."""
    page = open_page("/", size)
    page.get_by_label("我是").select_option(customer.customer_id)
    page.get_by_role("link", name=f"联系客服：{goods}").click()
    expect(page.get_by_role("log")).to_contain_text(goods)
    return page


def say(page: Page, text: str) -> None:
    page.get_by_label("输入消息").fill(text)
    page.get_by_role("button", name="发送", exact=True).click()


def press(page: Page, label: str) -> None:
    """A button of the newest message."""
    page.get_by_role("button", name=label).last.click()


def ask_for_person(page: Page) -> None:
    """The button that is always on top, whatever the bot's last buttons are."""
    page.get_by_role("banner").get_by_role("button", name="转人工").click()


def desk_of(open_page: Open, name: str, size: str = "desktop") -> Page:
    """The desk, with this person signed in."""
    page = open_page("/desk", size)
    sign_in(page, name)
    expect(page.get_by_text("在岗", exact=True)).to_be_visible()
    return page


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def shoot(page: Page, name: str) -> None:
    """Keeps a picture of the page for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")
