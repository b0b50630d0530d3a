"""On the wire and on bytes: pure Python that knows nothing of Django, Celery or our settings."""
