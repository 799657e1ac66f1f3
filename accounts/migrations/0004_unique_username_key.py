from __future__ import annotations

from django.db import migrations

import accounts.models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_user_username_key")]

    operations = [
        migrations.AlterField(
            "user",
            "username_key",
            accounts.models.UsernameKeyField(
                editable=False, max_length=255, null=True, unique=True
            ),
        ),
    ]
