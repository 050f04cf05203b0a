"""The product under load: processes of its own, a shop full of customers, and what they say."""
