"""What was shown, in the formats that other programs read: one file a format, `formats.FORMATS` names them.

Everything here comes after policy: what is given is written, and nothing else is known.
"""
