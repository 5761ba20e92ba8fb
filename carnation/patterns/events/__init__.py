"""The events workflow: the composition that carnation's reference application is made of.

Do some work for each event of a list, and put every event whose work fails safely away inside its
own iteration, so that none is lost with the list: into a queue for a later run, or, when its
retries are used up, into a dead-letter queue for a person.

An item of the list is `{"event": {…}, "receipt_handle": "…"}`; the handle is there when the event
came out of the queue. An event carries `retry_attempt`: 0 at first, n on its n-th retry.

`paths` has its states in JSONPath, `jsonata` in JSONata with variables; `stacks` has its templates.
Nothing outside of this package, `definitions/` and `lambdas/` knows what an event looks like.
"""
