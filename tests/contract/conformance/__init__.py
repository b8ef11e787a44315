"""What the tests of the contract stand on. Nothing in here knows the template: a repository is its
files and commands.
"""
