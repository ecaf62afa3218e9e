"""Whole years of a province: from its card, or from reference tables, to 8,760 hours and the case of any day."""
