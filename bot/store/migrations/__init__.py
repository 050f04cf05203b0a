"""The database's shapes through time (Alembic); bot.store.migration moves between them."""
