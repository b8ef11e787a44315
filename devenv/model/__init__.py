"""The repository's files as values: dev.yaml, compose.yaml, Dockerfile."""
