"""Shapes of uploads and of the reference library in the API."""
