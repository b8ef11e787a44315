"""What everything else builds on: errors, output, processes, the machine's state."""
