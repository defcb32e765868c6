"""Pages for people: their reports, and how they want them. They log in with their session."""
