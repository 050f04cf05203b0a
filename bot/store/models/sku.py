from __future__ import annotations

from datetime import datetime
from typing import get_args

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped

from bot.aftersales.case import PriceKind
from bot.store.columns import Json, Moment, Record, at_least, column, one_of


class Sku(Record):
    """One specification of goods; `traits` is a list of bot.aftersales.case.Trait."""

    __tablename__ = "skus"
    __table_args__ = (at_least("list_price_fen", 0, "skus"), at_least("return_cost_fen", 0, "skus"), Index("ix_skus_spu_id", "spu_id"))

    sku_id: Mapped[str] = column(String, key=True)
    spu_id: Mapped[str] = column(String)
    title: Mapped[str] = column(String)
    spec: Mapped[str] = column(String, default="")
    category: Mapped[str] = column(String, default="")
    list_price_fen: Mapped[int] = column(BigInteger, default=0)
    return_cost_fen: Mapped[int] = column(BigInteger, default=0)
    traits: Mapped[list[str]] = column(Json, default=list)
    is_new_product: Mapped[bool] = column(Boolean, default=False)


class Price(Record):
    """What one piece costs from `at` on, and by what kind of price."""

    __tablename__ = "prices"
    __table_args__ = (one_of("kind", get_args(PriceKind), "prices"), at_least("price_fen", 0, "prices"))

    sku_id: Mapped[str] = column(String, ForeignKey("skus.sku_id"), key=True)
    at: Mapped[datetime] = column(Moment, key=True)
    kind: Mapped[str] = column(String, key=True)
    price_fen: Mapped[int] = column(BigInteger)
