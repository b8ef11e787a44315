# Owner: the template. Do not edit: updates replace this file.
"""What runs the services that compose.yaml defines."""
