"""Services that write preferences and tiers, with their locks, checks and documents."""
