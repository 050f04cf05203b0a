"""The intent, as Rasa wants it."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message

from bot.language.rasa.component import DocReader

RANKING_KEY = "intent_ranking"
RANKING = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class HeqiIntent(DocReader):
    """Intent and ranking with honest probabilities."""

    def add(self, doc: Any, message: Message) -> None:
        ranking = [{"name": name, "confidence": confidence} for name, confidence in doc._.intents[:RANKING]]
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set(RANKING_KEY, ranking, add_to_output=True)
