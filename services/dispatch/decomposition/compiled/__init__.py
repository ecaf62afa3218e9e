"""Pricing, compiled: one module per idea, read from `curves` (functions of output) to `kernel` (a whole fleet)."""
