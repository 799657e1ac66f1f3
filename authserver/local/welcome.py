"""What a run tells the person who started it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress

from rich.console import Console
from rich.table import Table

from authserver.local.demo_file import NOTE, read_demo
from authserver.local.options import Options


def welcome(options: Options) -> None:
    """Print the addresses, and who can sign in."""
    console = Console(highlight=False)
    demo = read_demo(options) or {"users": []}
    addresses = Table.grid(padding=(0, 3))
    addresses.add_row("Sample app", options.sample_app_url, "start here: sign in as alice")
    addresses.add_row("Issuer", options.issuer, "what an app is configured with")
    addresses.add_row("Admin", f"{options.issuer}/admin/", "sign in as admin")
    people = Table("user", "password", box=None, padding=(0, 3, 0, 0), header_style="bold")
    for user in demo["users"]:
        people.add_row(user["username"], _password(user))
    console.print("\n[bold]Gatehouse is running.[/bold] Ctrl-C stops it.\n")
    console.print(addresses)
    console.print()
    console.print(people)
    console.print(f"\nThe same, with the demo clients, in {options.demo_path}", soft_wrap=True)


def _password(user: Mapping[str, str]) -> str:
    """Return a person's password, or why nobody can sign in with the one that was generated."""
    return f"({user[NOTE]})" if NOTE in user else user["password"]


def say(text: str) -> None:
    """Tell what happened. That nobody reads it, as behind a closed pipe, is no reason to stop."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)
