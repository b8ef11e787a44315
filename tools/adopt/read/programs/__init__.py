"""What the repository runs: servers, workers, migrations, seeds and tests."""
