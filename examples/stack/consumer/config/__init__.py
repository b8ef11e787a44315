"""How the service is configured and served."""
