"""What the server's log must not hold: the address of a live connection carries a token in its query."""

from __future__ import annotations

import logging


def without_query(record: logging.LogRecord) -> bool:
    """Cuts the query off every address in the record; always True, so that the record is kept."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            value.partition("?")[0] if isinstance(value, str) and value.startswith("/") else value for value in record.args
        )
    return True


def keep_queries_out() -> None:
    """Has uvicorn log live connections without their query. Its access log is off (bot.processes)."""
    logger = logging.getLogger("uvicorn.error")
    if without_query not in logger.filters:
        logger.addFilter(without_query)
