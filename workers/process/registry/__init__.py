"""Which workers there are, what each says of itself, and which models each has at hand."""
