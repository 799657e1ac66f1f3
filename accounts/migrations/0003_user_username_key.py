"""Every username gets a folded form, so that look-alikes are found."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.db import migrations, models

from accounts.names import LONGEST, folded

_BATCH = 1000


def fold_usernames(apps: Any, schema_editor: Any) -> None:
    """Give each name its key. Of names that look alike, one gets the common form: who is called
    just so, else who was first. The others get keys of their own, and go on with their spelling."""
    User = apps.get_model("accounts", "User")
    people = list(User.objects.order_by("date_joined", "pk").values_list("pk", "username"))
    people.sort(key=lambda person: person[1] != folded(person[1]))
    keys: dict[str, Any] = {}
    for pk, username in people:
        key = folded(username)
        if key in keys or len(key) > LONGEST:
            print(f"  {username!r} looks like another username: only in this spelling from now on")
            key = f"{key[:LONGEST]}#{pk.hex}"
        keys[key] = pk
    pairs = iter(keys.items())
    while batch := [User(pk=pk, username_key=key) for key, pk in islice(pairs, _BATCH)]:
        User.objects.bulk_update(batch, ["username_key"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_pendingaddress")]

    operations = [
        migrations.AddField(
            "user",
            "username_key",
            models.CharField(editable=False, max_length=255, null=True),
        ),
        migrations.RunPython(fold_usernames, migrations.RunPython.noop),
    ]
