"""The intent, as Rasa wants it; what is too doubtful to act on becomes `nlu_fallback`."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message

from bot.language.rasa.component import DocReader
from bot.language.rasa.doubt import ASK_BELOW

RANKING_KEY = "intent_ranking"
RANKING = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class HeqiIntent(DocReader):
    """Intent and ranking with honest probabilities. The ranking holds the readings also where the intent is
    `nlu_fallback`, for the actions to ask with."""

    def add(self, doc: Any, message: Message) -> None:
        ranking = [{"name": name, "confidence": confidence} for name, confidence in doc._.intents[:RANKING]]
        best = ranking[0]
        doubtful = best["confidence"] < ASK_BELOW
        intent = {"name": DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": 1 - best["confidence"]} if doubtful else best
        message.set(INTENT, intent, add_to_output=True)
        message.set(RANKING_KEY, ranking, add_to_output=True)
