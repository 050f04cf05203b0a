"""What a customer is owed: pure functions from facts, policy and time to an assessment."""
