"""What the template brings for a service: its contract, and newer releases of itself."""
