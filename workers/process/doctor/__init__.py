"""Whether every configured model is where it is needed, who uses it, and what else is wrong."""
