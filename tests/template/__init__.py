"""Tests of template.yaml and of the state machines."""
