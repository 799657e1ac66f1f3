"""The entry point: `granian --interface wsgi authserver.wsgi:application`."""

from __future__ import annotations

import gc
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "authserver.settings")
django.setup()

from authserver.application import build_application  # noqa: E402  it loads models
from authserver.serving import allow_many_connections  # noqa: E402

allow_many_connections()
application = build_application()

# What is loaded now stays for good. Without this, the collector would walk through all of it in the
# middle of somebody's request, now and then.
gc.collect()
gc.freeze()
