"""Forecasts on real series, beside what others reached on the very same windows."""
