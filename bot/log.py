"""What no log may hold, whoever writes the line: who a customer is, and tokens in addresses.

Every process of ours calls `keep_clean` at its start. It works on the records themselves, before any
handler, formatter or framework sees them.
"""

from __future__ import annotations

import logging
import traceback
from contextvars import ContextVar
from datetime import datetime, timezone

import msgspec

from bot.language.masking import mask

plain_record = logging.getLogRecordFactory()

call: ContextVar[str | None] = ContextVar("call", default=None)
"""The browser's X-Request-Id, wherever work goes on for it: in threads, in the turn, in the action server."""


def keep_clean() -> None:
    """From now on log records of this process carry no telephone, address, identity number, name, mail or query."""
    if logging.getLogRecordFactory() is not clean_record:
        logging.setLogRecordFactory(clean_record)


def clean_record(*args: object, **kwargs: object) -> logging.LogRecord:
    record = plain_record(*args, **kwargs)  # type: ignore[arg-type]
    without_queries(record)
    text = message_of(record)
    if text is not None and mask(text) != text:
        record.msg, record.args = mask(text), ()
    if record.exc_info:
        # A formatter takes the text that is there already; the exception's own words may quote a customer.
        record.exc_text = mask("".join(traceback.format_exception(*record.exc_info)).rstrip("\n"))
    return record


def without_queries(record: logging.LogRecord) -> None:
    """Cuts the query off every address: that of a live connection holds a token."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            value.partition("?")[0] if isinstance(value, str) and value.startswith("/") else value for value in record.args
        )


def message_of(record: logging.LogRecord) -> str | None:
    """The line as it will be read; None where message and arguments do not fit, which the handler will say."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return None


class JsonLine(logging.Formatter):
    """One record → one line of JSON; what the caller gave as `extra={"fields": {…}}` stands beside the message.

    `call` is the browser's X-Request-Id, on every line that was written for it, in the web and in the action server, down to
    the ledger's step; `conversation` and `seq` are the message, `case` what the ledger's rows carry.
    """

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname, "from": record.name, "message": record.getMessage()}
        if (asked := call.get()) is not None:
            line["call"] = asked
        line.update(getattr(record, "fields", {}))
        if record.exc_text:
            line["fault"] = record.exc_text
        return msgspec.json.encode(line).decode()


def tell() -> None:
    """From now on our own loggers of this process write lines of JSON to standard error, from INFO on."""
    for name in ("heqi", "bot", "actions"):
        logger = logging.getLogger(name)
        if not any(isinstance(handler.formatter, JsonLine) for handler in logger.handlers):
            handler = logging.StreamHandler()
            handler.setFormatter(JsonLine())
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
