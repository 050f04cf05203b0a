"""No log of ours holds who a customer is, whatever is logged and however it is formatted."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import SQLAlchemyError

from bot import log
from bot.store.database import session
from bot.store.models import Customer

PRIVATE = ("13812345678", "王小明", "文三路", "330106199001011234", "a.b@example.com")
SAID = "我叫王小明,电话13812345678,地址浙江省杭州市西湖区文三路88号,身份证330106199001011234,邮箱a.b@example.com"


@pytest.fixture
def clean() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    log.keep_clean()
    yield
    logging.setLogRecordFactory(before)


def leaked(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [word for word in PRIVATE if word in caplog.text]


@pytest.mark.usefixtures("clean")
def test_persons_are_hidden_in_messages_arguments_and_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("anybody")
    logger.warning(SAID)
    logger.warning("heard %s from %d", SAID, 5)
    try:
        raise ValueError(SAID)
    except ValueError:
        logger.exception("failed")
    assert leaked(caplog) == []
    assert caplog.text.count("[电话]") >= 3
    assert "from 5" in caplog.text
    assert "ValueError" in caplog.text


@pytest.mark.usefixtures("clean")
def test_ids_and_places_stay_readable(caplog: pytest.LogCaptureFixture) -> None:
    said = "call 6f13912345678aaa conversation cnv_ab13812345678ef order 69000000010000000001 at /api/v1/messages in bot/web/app.py:13"
    logging.getLogger("anybody").warning(said)
    assert said in caplog.text


@pytest.mark.usefixtures("clean")
def test_a_database_error_does_not_quote_what_was_said(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HEQI_DATABASE_URL", sqlite_url)
    said = "阿明" + "在家里"  # what no pattern knows
    try:
        with session() as opened:
            opened.add(Customer(customer_id="x", name=said, tier="none"))
    except SQLAlchemyError:
        logging.getLogger("anybody").exception("failed")
    assert "IntegrityError" in caplog.text
    assert said not in caplog.text
