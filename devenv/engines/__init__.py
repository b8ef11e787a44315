"""What runs the services that compose.yaml defines."""
