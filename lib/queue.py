"""How Celery tasks are made: by `shared_task` of this module, never by Celery's own.

Importing Celery takes a third of what a whole operator command may, so the project does not
import it when it starts. It comes with the first module that has tasks, and with it our own
application: a task without one would be sent to a broker on this machine that nobody reads.
"""

from celery import shared_task
from django.utils.module_loading import import_string

__all__ = ["shared_task"]

# By name, as it belongs to a room above this one.
import_string("webmail.celery.app")
