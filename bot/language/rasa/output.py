"""What else the doc knows, for the actions: tracker.latest_message["heqi"]."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.training_data.message import Message

from bot.language.rasa.component import DocReader

KEY = "heqi"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class HeqiOutput(DocReader):
    """{"issues": [{"name", "confidence"}], "mood": str, "wishes": [intent]} under the key `heqi`."""

    def add(self, doc: Any, message: Message) -> None:
        said = {
            "issues": [{"name": name, "confidence": confidence} for name, confidence in doc._.issues],
            "mood": doc._.mood,
            "wishes": list(doc._.wishes),
        }
        message.set(KEY, said, add_to_output=True)
