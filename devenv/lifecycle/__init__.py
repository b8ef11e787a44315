"""The life of a service: plan, up, status, doctor, down, destroy."""
