"""How fast the engine proves its plans, beside open peers and as cases grow: `make bench-uc`, `make bench-scale`."""
