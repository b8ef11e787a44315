"""One service of this repository in one workspace: its files and engine at hand, its own commands, its health."""
