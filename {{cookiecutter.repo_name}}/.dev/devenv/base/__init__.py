# Owner: the template. Do not edit: updates replace this file.
"""What everything else stands on: errors, output, processes, the machine's state."""
