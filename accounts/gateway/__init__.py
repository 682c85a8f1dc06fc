"""Other people's servers: which of them may be called, and the calls."""
