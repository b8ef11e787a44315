"""One service of this repository in one workspace: its files, its engine, its commands, its health."""
