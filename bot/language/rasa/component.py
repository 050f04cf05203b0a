"""What the three components share: they are not trained by Rasa, and read one doc."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import SPACY_DOCS
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.language import pipeline  # noqa: F401  (registers the pipeline's parts with spaCy)


class DocReader(GraphComponent):
    """Reads the doc that SpacyNLP has put on the message and adds to the message."""

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> DocReader:
        """Nothing to load: `heqi train` has trained what SpacyNLP loads, so Rasa and `heqi parse` cannot differ."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds to each message that has a doc."""
        for message in messages:
            doc = message.get(SPACY_DOCS[TEXT])
            if doc is not None:
                self.add(doc, message)
        return messages

    def add(self, doc: Any, message: Message) -> None:
        """Adds what this component stands for."""
        raise NotImplementedError
