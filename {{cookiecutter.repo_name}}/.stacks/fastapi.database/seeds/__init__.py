# Owner: this service. The template wrote it once and leaves it to you.
"""The data scenarios of dev.yaml. What decides their rows stands in this folder, which `state:` watches."""
