"""The assessment as data: what is stored, sent and drawn. Loads nothing of the engine."""
