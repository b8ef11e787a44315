# Owner: the template. Do not edit: updates replace this file.
"""The repository's own files, read into values: dev.yaml, compose.yaml, Dockerfile."""
