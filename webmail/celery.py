"""The Celery application. Database rows are the queue; messages here are only hints."""

import os
import warnings

from celery import Celery
from celery.platforms import SecurityWarning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webmail.settings")

# Tasks are read as JSON only, so a worker run by root is no more dangerous than any program.
warnings.filterwarnings("ignore", category=SecurityWarning, module="celery.platforms")

app = Celery("tributary")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
