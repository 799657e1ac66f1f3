"""The authorization request: parsed, checked, and judged against who is signed in."""
