from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oidc", "0011_client_logo"),
    ]

    # With defaults in the database: the release before goes on to insert rows without them.
    operations = [
        migrations.AddField(
            model_name="oauthclient",
            name="private_use_schemes",
            field=models.JSONField(
                blank=True,
                db_default=models.Value([], models.JSONField()),
                default=list,
                verbose_name="allowed schemes",
            ),
        ),
        migrations.AddField(
            model_name="oauthclient",
            name="require_registered_auth_method",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="registered authentication only"
            ),
        ),
    ]
