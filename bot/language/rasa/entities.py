"""The entities, as Rasa wants them: found on characters, offsets in the message as it was sent."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import ENTITIES, EXTRACTOR
from rasa.shared.nlu.training_data.message import Message

from bot.language.entity import as_dict
from bot.language.rasa.component import DocReader


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class HeqiEntities(DocReader):
    """Amounts, dates, numbers and the rest."""

    def add(self, doc: Any, message: Message) -> None:
        found = [{**as_dict(entity), EXTRACTOR: type(self).__name__} for entity in doc._.entities]
        message.set(ENTITIES, [*message.get(ENTITIES, []), *found], add_to_output=True)
