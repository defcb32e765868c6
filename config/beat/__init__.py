"""Beat: sends the periodic tasks that are stored, and of several beats one at a time."""
