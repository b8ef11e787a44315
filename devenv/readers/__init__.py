"""Who reads the events of a command: a terminal, a file, a program. Plain text is in base/output.py."""
