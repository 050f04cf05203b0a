"""Where Rasa is met: the policy that ends each turn. Nothing in the core imports this room."""

from bot import log

log.keep_clean()
