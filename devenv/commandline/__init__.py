"""The command line: its arguments, the list of tasks, their help, and completion in a shell."""
