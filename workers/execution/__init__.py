"""One delivery of a run: the plan, its attempts and how they are recorded."""
