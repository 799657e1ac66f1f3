from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oidc", "0012_client_authentication_and_schemes"),
    ]

    # The release before inserts rows without these columns.
    operations = [
        migrations.AlterField(
            model_name="oauthclient",
            name="access_token_signing_alg",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=20,
                verbose_name="access token algorithm",
            ),
        ),
        migrations.AlterField(
            model_name="oauthclient",
            name="access_token_typ",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=20,
                verbose_name="access token type",
            ),
        ),
        migrations.AlterField(
            model_name="oauthclient",
            name="id_token_claims",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="claims in the ID token"
            ),
        ),
    ]
