"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from webmail.keeping import keep_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webmail.settings")
application = get_wsgi_application()
keep_connections()
