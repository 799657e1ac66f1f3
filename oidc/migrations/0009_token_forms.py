from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oidc", "0008_access_token_format"),
    ]

    operations = [
        migrations.AddField(
            model_name="oauthclient",
            name="access_token_signing_alg",
            field=models.CharField(
                blank=True, default="", max_length=20, verbose_name="access token algorithm"
            ),
        ),
        migrations.AddField(
            model_name="oauthclient",
            name="access_token_typ",
            field=models.CharField(
                blank=True, default="", max_length=20, verbose_name="access token type"
            ),
        ),
        migrations.AddField(
            model_name="oauthclient",
            name="id_token_claims",
            field=models.BooleanField(default=False, verbose_name="claims in the ID token"),
        ),
    ]
