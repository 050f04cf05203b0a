"""What to offer next: the facts fix the value, the negotiation is only over its form."""
