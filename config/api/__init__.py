"""The API as a whole: which app answers which path, and how it says no."""
