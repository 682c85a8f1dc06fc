from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_may_end_sessions'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='user',
            options={'permissions': [('support_user', "Can see a person's account, without their audio"), ('end_sessions', 'Can log a person out everywhere'), ('take_factors', "Can take away a person's lost second factor")]},
        ),
    ]
