"""The engine that is no container engine: the app and its databases are processes of this machine."""
