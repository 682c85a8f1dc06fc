"""How well the engine hears: findings, suitability and sections, on a labelled set."""
