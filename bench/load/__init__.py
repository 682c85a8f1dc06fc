"""A site under load: locust drives a real site of its own on loopback, and bars judge it."""
