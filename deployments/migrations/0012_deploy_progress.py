"""How far a rollout has been and when it got there, so that one that moves on does not time out."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('deployments', '0011_say_what_each_mapping_field_is')]

    operations = [
        migrations.AddField('deploy', 'progress', models.IntegerField(help_text='The furthest that its rollout has been, in steps.', null=True)),
        migrations.AddField('deploy', 'progressed_at', models.DateTimeField(help_text='When it got there.', null=True)),
    ]
