"""A mapping may require that GitHub lists an attestation, and what it lists is remembered."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0037_paths'),
    ]

    operations = [
        migrations.AddField(
            model_name='observation',
            name='provenance',
            field=models.JSONField(help_text='What GitHub lists for the image that would be deployed next, as facts.provenance_as_json writes it.', null=True),
        ),
        migrations.AddField(
            model_name='site',
            name='requires_provenance',
            field=models.BooleanField(db_default=False, default=False, help_text='Auto-deploy takes an image only where GitHub lists an attestation that it was built from this commit of this repository. Headway does not check its signature.', verbose_name='require an attestation'),
        ),
    ]
