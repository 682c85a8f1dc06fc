"""Shapes of masters and of what is made of them, in the API."""
