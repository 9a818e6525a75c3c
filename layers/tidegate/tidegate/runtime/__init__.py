"""What a Lambda function needs around the services: settings, observability, bootstrap."""
