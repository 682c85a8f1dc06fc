"""What the API answers of uploads and the reference library."""
