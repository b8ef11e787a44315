"""The repository's own files, read into values: dev.yaml, compose.yaml, Dockerfile."""
