"""What the tests of the contract use. Nothing here knows the template: a repository is its files and commands."""
