"""Make the roles of staff: support, finance and operations, each by its permissions."""

from django.apps import apps as site
from django.contrib.auth.management import create_permissions
from django.db import migrations

WORK = ('references.view_audiofile', *(
    f'mastering.view_{kind}' for kind in ('version', 'preview', 'export', 'releasecheck')
), 'references.view_run')


def all_of(model):
    app, name = model.split('.')
    return [f'{app}.{verb}_{name}' for verb in ('view', 'add', 'change', 'delete')]


ROLES = {
    'support': [
        'accounts.view_user', 'accounts.support_user', 'accounts.view_announcement',
        *WORK, 'mastering.rerun_work',
        'mastering.view_platformrule', 'mastering.view_receipt', 'billing.view_terms',
    ],
    'finance': [
        'accounts.view_user',
        'billing.grant_credits', 'billing.view_account', 'billing.view_entry',
        'billing.view_payment', 'billing.change_payment', 'billing.view_subscription',
        'billing.view_stripeevent', *all_of('billing.terms'),
    ],
    'operations': [
        'accounts.view_user', 'accounts.view_auditentry', *all_of('accounts.announcement'),
        *WORK, 'mastering.rerun_work', 'mastering.release_work',
        'references.view_machine', 'references.view_workergroup',
        *all_of('mastering.platformrule'), 'mastering.view_receipt', 'billing.view_stripeevent',
    ],
}


def make_roles(apps, schema_editor):
    # Permissions come after all migrations otherwise; so they are made here, as of this state.
    for label in ('accounts', 'billing', 'references', 'mastering'):
        create_permissions(
            site.get_app_config(label), apps=apps, verbosity=0, using=schema_editor.connection.alias
        )
    Group, Permission = apps.get_model('auth', 'Group'), apps.get_model('auth', 'Permission')
    known = {
        f'{each.content_type.app_label}.{each.codename}': each
        for each in Permission.objects.select_related('content_type')
    }
    for name, permissions in ROLES.items():
        role, _ = Group.objects.get_or_create(name=name)
        role.permissions.add(*(known[each] for each in permissions))


def unmake_roles(apps, _):
    apps.get_model('auth', 'Group').objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ('mastering', '0011_rules_retention_sizes'),
        ('references', '0008_runs_groups_sizes'),
        ('billing', '0003_may_grant_credits'),
        ('accounts', '0004_audit_and_announcements'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
    ]

    operations = [migrations.RunPython(make_roles, unmake_roles)]
