#!/usr/bin/env python
"""Gatehouse's command line: `python manage.py help`."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "authserver.settings")
    from authserver.command_line import main

    sys.exit(main(sys.argv))
