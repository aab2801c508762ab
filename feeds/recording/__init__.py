"""What was said, kept: an agency's journal as files that give back every batch, and that others can read."""
