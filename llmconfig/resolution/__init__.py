"""Resolution: from what the layers state to one configuration, and the explanation of it."""
