"""The web's fixtures: the running application with a stand-in for Rasa, orders, staff."""

from tests.web.conftest import client, database_url, given, place, rasa, staff

__all__ = ["client", "database_url", "given", "place", "rasa", "staff"]
