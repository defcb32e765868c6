"""Doctor: configured models, where they are missing and who uses them, and other faults."""
