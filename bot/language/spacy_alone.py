"""Imports spaCy without TensorFlow, which spaCy would otherwise load for a bridge that nothing here uses.

Saves about five seconds of start and 300 MB wherever Rasa is not in the process.
"""

import sys

hide = "tensorflow" not in sys.modules
if hide:
    sys.modules["tensorflow"] = None  # type: ignore[assignment]  # makes `import tensorflow` fail, as if absent
try:
    import spacy
finally:
    if hide:
        del sys.modules["tensorflow"]

__all__ = ["spacy"]
