"""What the API answers of credits."""
