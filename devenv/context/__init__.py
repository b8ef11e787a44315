"""What each task does, without any of its flags and printing."""
