"""A case's life: opened, assessed, negotiated, settled, or with a person. Ties the other rooms together."""
