"""Compose files and Dockerfiles, and the values that they and example files give to variables."""
