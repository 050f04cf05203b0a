from __future__ import annotations

from typing import get_args

from sqlalchemy import String
from sqlalchemy.orm import Mapped

from bot.aftersales.case import CustomerTier
from bot.store.columns import Record, column, one_of


class Customer(Record):
    __tablename__ = "customers"
    __table_args__ = (one_of("tier", get_args(CustomerTier), "customers"),)

    customer_id: Mapped[str] = column(String, key=True)
    name: Mapped[str | None] = column(String, null=True)
    tier: Mapped[str] = column(String, default="normal")
