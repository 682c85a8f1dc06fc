"""How fast the engine is: beside Matchering, and beside the least work any such chain must do."""
