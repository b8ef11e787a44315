"""The files of a repository as text, data or code, with the line of each finding."""
