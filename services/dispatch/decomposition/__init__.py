"""Decomposition by unit pricing: bounds and plans for fleets that are too large for branch and bound alone."""
