from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oidc", "0007_access_token_encryption"),
    ]

    operations = [
        migrations.AddField(
            model_name="oauthclient",
            name="access_token_format",
            field=models.CharField(
                default="jwt", max_length=20, verbose_name="access token format"
            ),
        ),
    ]
