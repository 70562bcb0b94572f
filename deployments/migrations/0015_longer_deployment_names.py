import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0014_observation_github_refused'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='site',
            name='site_deployment_is_dns_name',
        ),
        migrations.AlterField(
            model_name='site',
            name='deployment',
            field=models.CharField(help_text='The name of the Deployment.', max_length=253, validators=[django.core.validators.RegexValidator('^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$', "Write the Deployment's name as Kubernetes has it: lower-case letters, digits, hyphens and dots, like my-site.")], verbose_name='Deployment'),
        ),
        migrations.AlterField(
            model_name='site',
            name='owner',
            field=models.CharField(help_text='GitHub user or organisation.', max_length=39, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$', "Write the user or organisation as it stands in the repository's address.")]),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=models.CheckConstraint(condition=models.Q(('deployment__regex', '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')), name='site_deployment_is_object_name'),
        ),
    ]
