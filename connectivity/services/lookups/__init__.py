"""The steps of looking up servers that ask somebody.

Each takes a `Question` and returns a `Finding` or None, or raises a `MailServerError`. The full
address is told only to hosts in the domain that was registered for it: that is the provider
itself. Everybody else is asked without it. No step touches the database: they run at the same
time, in threads of their own.
"""
