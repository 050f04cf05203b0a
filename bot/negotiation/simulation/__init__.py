"""Simulated customers and the measurement of strategies (negotiation.md sections 2 and 3)."""
