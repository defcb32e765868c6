"""How many requests are worked on at once, and what of a body is taken before.

Django gives every request a thread and, where it asks the database, a connection of a small pool.
So few are worked on at once, and others wait in order. ``asgi`` is the wrapper around Django.
"""
