"""Simulated customers who bargain in Chinese with the running product, and the same ones with the engine alone."""
