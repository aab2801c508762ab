"""Tests mirror the floors; journeys are whole stories in a real browser."""
