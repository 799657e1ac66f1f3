"""Addresses that wait for their link leave allauth's table, where they count as addresses."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower


def forget_pending_changes(apps, schema_editor):
    """Delete what waits there. Its links end; whoever still wants the change asks once more."""
    EmailAddress = apps.get_model("account", "EmailAddress")
    waiting = EmailAddress.objects.filter(verified=False).exclude(email=Lower("user__email"))
    waiting.delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.CreateModel(
            name="PendingAddress",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="pending_address",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("key_hash", models.CharField(max_length=64)),
                ("asked_at", models.DateTimeField()),
            ],
        ),
        migrations.RunPython(forget_pending_changes, migrations.RunPython.noop, elidable=True),
    ]
