"""Rasa's graph components over the spaCy doc. Nothing is computed twice: they read what is on the doc.

Importing the components registers the spaCy pipeline's parts, so SpacyNLP can load it by path.
"""
