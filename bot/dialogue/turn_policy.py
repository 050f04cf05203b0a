"""Ends each turn after its one action, and never lets a failed action end in silence.

Rasa logs a custom action as executed even when the action server is gone or the action raised, and
then says nothing (lessons.md R5). Every action of ours sets the slot `answered`; where that event is
missing the customer hears `utter_trouble`, and the unanswered message is noted on disk so that it
becomes a case in the queue as soon as the database can be written.
"""

from __future__ import annotations

import logging
from typing import Any

from rasa.core.policies.policy import Policy, PolicyPrediction, SupportedData
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SlotSet, UserUttered
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from bot.cases import unanswered

logger = logging.getLogger(__name__)

TROUBLE = "utter_trouble"
ANSWERED = "answered"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class TurnPolicy(Policy):
    """One turn is one action: afterwards it listens, or says that something went wrong."""

    @staticmethod
    def supported_data() -> SupportedData:
        return SupportedData.ML_AND_RULE_DATA

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"priority": 7}

    def _create_featurizer(self) -> None:  # type: ignore[override]
        return None

    def train(
        self,
        training_trackers: list[TrackerWithCachedStates],
        domain: Domain,
        precomputations: Any = None,
        **kwargs: Any,
    ) -> Resource:
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TurnPolicy:
        return cls(config, model_storage, resource, execution_context)

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        precomputations: Any = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        probabilities = self._default_predictions(domain)
        following = next_action(tracker, domain)
        if following is not None:
            if following == TROUBLE:
                note_unanswered(tracker)
            probabilities[domain.index_for_action(following)] = 1.0
        return self._prediction(probabilities)


def next_action(tracker: DialogueStateTracker, domain: Domain) -> str | None:
    """The action that must follow the last one of this turn; None where other policies decide."""
    answered = False
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            return None
        if isinstance(event, SlotSet) and event.key == ANSWERED:
            answered = True
        if isinstance(event, ActionExecuted):
            name = str(event.action_name)
            if name == TROUBLE:
                return str(ACTION_LISTEN_NAME)
            if name in domain.user_actions and name.startswith("action_"):
                return str(ACTION_LISTEN_NAME) if answered else TROUBLE
            return None
    return None


def note_unanswered(tracker: DialogueStateTracker) -> None:
    """Notes the message nobody answered; a failing disk is logged, the customer still hears the truth."""
    message = tracker.latest_message
    metadata = (message.metadata if message else None) or {}
    if metadata.get("recorded"):  # it waits in the timeline, its channel sees to it
        return
    try:
        unanswered.note(tracker.sender_id, metadata.get("customer_id"), (message.text if message else "") or "")
    except OSError:
        logger.exception("could not note an unanswered message of conversation %s", tracker.sender_id)
