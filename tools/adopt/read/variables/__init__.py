"""The environment variables that the code reads, and what they are for."""
