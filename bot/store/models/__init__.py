"""The tables, one noun a file. Money is integer fen, times carry a zone, ids are strings."""

from bot.store.columns import Record, insert_parents_first
from bot.store.models.agent import Agent
from bot.store.models.audit import AuditEntry
from bot.store.models.case import OPEN_STATES, Case
from bot.store.models.conversation import Conversation, Message
from bot.store.models.customer import Customer
from bot.store.models.evidence import Evidence
from bot.store.models.ledger import LedgerEntry, LedgerStep
from bot.store.models.offer import Offer
from bot.store.models.order import Order, OrderLine
from bot.store.models.payout import Payout
from bot.store.models.policy import PolicyChange, PolicyVersion
from bot.store.models.sku import Price, Sku
from bot.store.models.understanding import Understanding
from bot.store.models.upload import Upload

__all__ = [
    "OPEN_STATES", "Agent", "AuditEntry", "Case", "Conversation", "Customer", "Evidence", "LedgerEntry",
    "LedgerStep", "Message", "Offer", "Order", "OrderLine", "Payout", "PolicyChange", "PolicyVersion", "Price", "Record", "Sku", "Understanding", "Upload",
]

insert_parents_first()
