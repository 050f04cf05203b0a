"""The web application: chat, desk, their API and live fan-out. Decides nothing; bot.cases does."""
