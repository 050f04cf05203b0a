"""Below which sureness a reading is not acted on. Apart from the components, for who knows nothing of Rasa."""

ASK_BELOW = 0.45
"""Readings below this are right one time in three on held-out sentences, and one of the best two is it more
than half the time (docs/understanding.md): offering the two is better than acting on the first."""
