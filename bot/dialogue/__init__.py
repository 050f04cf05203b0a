"""Where Rasa is met: the policy that ends each turn, what Rasa remembers. Nothing in the core imports this room."""

from bot import log
from bot.dialogue import action_result

log.keep_clean()
action_result.quicken()
