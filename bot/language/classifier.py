"""Both models over the views they share: a message is looked at once, and each model reads what was seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.language.intent_model import IntentModel
from bot.language.issue_model import IssueModel, flat
from bot.language.view import QUICK_WEIGHTS, WEIGHTS, Numbers, Sentence, Views


class Classifier:
    """Sentences and their clauses → probabilities of intents and of kinds of issue."""

    def __init__(self, views: Views, intents: IntentModel, issues: IssueModel) -> None:
        """Models fitted on these views."""
        views.forget()
        self._views = views
        self.intents = intents
        self.issues = issues

    def read(self, sentences: Sequence[Sentence], clauses: Sequence[Sequence[Sentence]]) -> tuple[Numbers, Numbers, Numbers]:
        """`clauses` of each sentence, none where it is all one, their e5 part zeros.

        Returns the intents of the sentences (n, intents), those of all clauses (m, intents), and the
        kinds of issue that the sentences state (n, kinds).
        """
        parts, owners = flat(clauses)
        whole = self._views.look(sentences, WEIGHTS)
        seen = self._views.look(parts, QUICK_WEIGHTS) if parts else None
        of_parts = self.intents.quick_probabilities(seen) if seen else np.zeros((0, len(self.intents.names)))
        return self.intents.probabilities(whole), of_parts, self.issues.probabilities(whole, seen, owners)
