"""The nouns of a power system as both services know them: no web, no solver, no database."""
