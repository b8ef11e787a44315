"""The native engine: the app and its databases are processes of this machine, without containers."""
