"""Tables: preferences and tiers, their constraints, and the versions kept of them."""
