"""What a customer is owed: pure functions from facts, policy and time to an assessment.

`facts.read_case` reads a case, `policy.load_policy` the shop's policy, `assess.assess` judges; the rules
stand by topic beside them and `catalogue` lists them all. `speech.forbidden` checks what is said.
"""
