"""What was promised and paid: append-only, never twice, never too much."""
