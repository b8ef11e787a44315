# Owner: this service. The template wrote it once and leaves it to you.
"""The data scenarios of dev.yaml. Keep everything that decides their rows in this folder: `state:` watches it."""
