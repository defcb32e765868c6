"""Who called what of the API, when, from where, and how it ended: one entry per call that may
change something.

The history of the configuration (``llmconfig.history``) tells what became of a row, value by value
and whoever changed it: the API, the admin, a command. The audit trail tells of calls, also of those
that were refused and of those that concern no configuration, and never of contents: no body, no
token, no password. Where a call changed the configuration both have the same person and, but for
milliseconds, the same moment.
"""
