"""Let support and operations log people out, and look into archives of albums."""

from django.apps import apps as site
from django.contrib.auth.management import create_permissions
from django.db import migrations

ROLES = ('support', 'operations')
PERMISSIONS = (('accounts', 'end_sessions'), ('mastering', 'view_albumarchive'))


def _change(apps, schema_editor, verb):
    for label, _ in PERMISSIONS:
        create_permissions(
            site.get_app_config(label), apps=apps, verbosity=0, using=schema_editor.connection.alias
        )
    Group, Permission = apps.get_model('auth', 'Group'), apps.get_model('auth', 'Permission')
    chosen = [
        Permission.objects.get(content_type__app_label=label, codename=codename)
        for label, codename in PERMISSIONS
    ]
    for role in Group.objects.filter(name__in=ROLES):
        getattr(role.permissions, verb)(*chosen)


def give(apps, schema_editor):
    _change(apps, schema_editor, 'add')


def take(apps, schema_editor):
    _change(apps, schema_editor, 'remove')


class Migration(migrations.Migration):
    dependencies = [
        ('mastering', '0014_albums_of_test_keys'),
        ('accounts', '0007_may_end_sessions'),
    ]

    operations = [migrations.RunPython(give, take)]
