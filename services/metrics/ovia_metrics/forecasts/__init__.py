"""Forecasts from the pace of the past, and how they turned out."""
