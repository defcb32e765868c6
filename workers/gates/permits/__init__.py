"""Permits: the right to have one attempt open on a (host, model), held by all processes together.

Ollama works on ``OLLAMA_NUM_PARALLEL`` requests of a loaded model and keeps the others waiting
without a byte. So a run waits here, before its attempt begins, instead of there, where its wait
would look like a slow model.

* ``learning``: how many there are, from what the answers measured. Pure.
* ``limits``: the number that the settings state, where learning begins and ends.
* ``pools``: a pool's row under its lock, and how many of its permits are held.
* ``taking``: admission of one attempt.
* ``handing_on``: waking the runs that wait, normal before low, then oldest first.
* ``observing``: what an attempt that ended says of the number.

A permit is a run's row that names the pool, under the lease of the run's claim: it is free again
when the claim ends, whatever becomes of the process that held it.
"""
