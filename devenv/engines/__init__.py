"""The engines that run the services of compose.yaml."""
