"""Rasa's custom actions: facts out of the tracker, one call into bot.cases, events and words back."""

from bot import log, trace

log.keep_clean()
log.tell()
trace.start()
