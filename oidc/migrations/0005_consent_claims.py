from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oidc", "0004_installation_secret"),
    ]

    operations = [
        migrations.AddField(
            model_name="consent",
            name="claims",
            field=models.JSONField(default=list, help_text="Asked for by name, beyond the scope"),
        ),
    ]
