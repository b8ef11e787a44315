"""What a service goes through: planned, brought up, looked at, examined, stopped, removed."""
