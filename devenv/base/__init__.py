"""What everything else stands on: errors, output, processes, the machine's state."""
