"""What the API answers of people and their keys."""
