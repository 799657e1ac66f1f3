"""Gatehouse under load for long, with failures on the way."""
