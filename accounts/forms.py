"""What people tell about themselves."""

from django import forms

from accounts.models import User

NameForm = forms.modelform_factory(User, fields=["name"])
