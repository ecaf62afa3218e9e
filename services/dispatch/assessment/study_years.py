"""The years that a province can be judged for. Loads nothing: the command's help shows them."""

FIRST_YEAR, LAST_YEAR = 2018, 2030
YEAR = 2026
"""Where none is named: from there the way to 2030 is drawn."""
