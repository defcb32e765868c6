"""History of rows, and rollback to an earlier state.

``authorship``, ``records`` and ``versioned`` of ``llmconfig.tables`` write it with every change;
``people`` forgets deleted users. ``entries`` reads it as text, ``states`` as plain rows,
``llmconfig.values.diffs`` compares. ``rollback`` returns rows by a ``plan`` of ``steps``,
without those that ``refusals`` finds.

Recorded is what services and ``save`` do, ``QuerySet.update``, ``bulk_create`` and ``bulk_update``,
fixtures, and what goes with a deleted user or group. Plain SQL is not: a row that it made is never
removed by a rollback but reported, and what it changed is told by no entry.

When a user is deleted, the history of that user's rows keeps the user's number and loses the texts
that people wrote (reasons, stop texts); entries that the user made on other rows lose their author.
"""
