from django.db import migrations

from references.models import FreezeTerminalRows


class Migration(migrations.Migration):

    dependencies = [('references', '0001_initial')]

    operations = [
        FreezeTerminalRows(
            'audiofile',
            statuses=['READY', 'REJECTED'],
            columns=[
                'status', 'attempts', 'error_code', 'error_detail', 'sha256', 'size_bytes', 'facts', 'summary',
                'findings', 'pcm_sha256', 'engine_version', 'outputs', 'finished',
            ],
        ),
    ]
