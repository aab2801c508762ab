"""Floor 2: what is known, and who may know it. Pure: time is an argument, no socket, no clock."""
