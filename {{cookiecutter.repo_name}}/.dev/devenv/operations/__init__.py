# Owner: the template. Do not edit: updates replace this file.
"""What each task does, without any of its flags and printing."""
