"""Signing out: whoever signs somebody out, the session ends once, and everybody is told."""
