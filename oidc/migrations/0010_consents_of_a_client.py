from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oidc", "0009_token_forms"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["client_id"], name="consents_of_a_client"),
        ),
    ]
