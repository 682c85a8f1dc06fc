"""Let support take away second factors that are lost."""

from django.apps import apps as site
from django.contrib.auth.management import create_permissions
from django.db import migrations


def _change(apps, schema_editor, verb):
    create_permissions(
        site.get_app_config('accounts'),
        apps=apps, verbosity=0, using=schema_editor.connection.alias,
    )
    Group, Permission = apps.get_model('auth', 'Group'), apps.get_model('auth', 'Permission')
    may_take = Permission.objects.get(
        content_type__app_label='accounts', codename='take_factors'
    )
    for role in Group.objects.filter(name='support'):
        getattr(role.permissions, verb)(may_take)


def give(apps, schema_editor):
    _change(apps, schema_editor, 'add')


def take(apps, schema_editor):
    _change(apps, schema_editor, 'remove')


class Migration(migrations.Migration):
    dependencies = [
        ('mastering', '0015_roles_of_sessions_and_archives'),
        ('accounts', '0008_may_take_factors'),
    ]

    operations = [migrations.RunPython(give, take)]
