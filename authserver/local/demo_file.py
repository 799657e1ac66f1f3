"""`demo.json`: who can sign in, and with what, for people and for the sample app."""

from __future__ import annotations

import json
from typing import Any

from authserver.local.files import DamagedFile, write_private
from authserver.local.options import Options

NOTE = "note"
"""The member of a person's entry that says why its password is no longer good."""


def read_demo(options: Options) -> dict[str, Any] | None:
    """Return what the file holds, None if there is none yet.

    Raises:
        DamagedFile: it is not what was written.
    """
    try:
        demo: dict[str, Any] = json.loads(options.demo_path.read_text())
        [(user["username"], user["password"]) for user in demo["users"]]
        [(client["client_id"], client["client_name"]) for client in demo["clients"]]
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedFile(options.demo_path) from error
    return demo


def write_demo(options: Options, demo: dict[str, Any]) -> None:
    """Write the file, for its owner alone."""
    write_private(options.demo_path, json.dumps(demo, indent=2) + "\n")
