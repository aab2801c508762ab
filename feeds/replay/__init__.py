"""The record, read again: its clock, what is read, and in what order it comes out. Knows no layer."""
