"""Test verbs and doubles."""
