from __future__ import annotations

from datetime import datetime
from typing import Any, get_args

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped

from bot.aftersales.case import OrderStatus
from bot.store.columns import Json, Moment, Record, at_least, column, one_of


class Order(Record):
    """`history` and `facts` are what the shop's systems know, as contracts.md section 3 writes them."""

    __tablename__ = "orders"
    __table_args__ = (
        one_of("status", get_args(OrderStatus), "orders"),
        at_least("freight_fen", 0, "orders"),
        Index("ix_orders_customer_id_paid_at", "customer_id", "paid_at"),
    )

    order_id: Mapped[str] = column(String, key=True)
    customer_id: Mapped[str] = column(String, ForeignKey("customers.customer_id"))
    status: Mapped[str] = column(String)
    paid_at: Mapped[datetime | None] = column(Moment, null=True)
    promised_ship_by: Mapped[datetime | None] = column(Moment, null=True)
    shipped_at: Mapped[datetime | None] = column(Moment, null=True)
    delivered_at: Mapped[datetime | None] = column(Moment, null=True)
    freight_fen: Mapped[int] = column(BigInteger, default=0)
    history: Mapped[list[dict[str, Any]]] = column(Json, default=list)
    facts: Mapped[dict[str, Any]] = column(Json, default=dict)


class OrderLine(Record):
    """Goods of one order. A line id is unique only within its order.

    `labels` and `price_protection` are what the customer saw when ordering.
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        at_least("quantity", 1, "order_lines"),
        at_least("unit_paid_fen", 0, "order_lines"),
        at_least("red_packet_fen", 0, "order_lines"),
    )

    order_id: Mapped[str] = column(String, ForeignKey("orders.order_id"), key=True)
    line_id: Mapped[str] = column(String, key=True)
    sku_id: Mapped[str] = column(String, ForeignKey("skus.sku_id"))
    quantity: Mapped[int] = column(Integer)
    unit_paid_fen: Mapped[int] = column(BigInteger)
    red_packet_fen: Mapped[int] = column(BigInteger, default=0)
    labels: Mapped[list[str]] = column(Json, default=list)
    price_protection: Mapped[dict[str, Any] | None] = column(Json, null=True)
