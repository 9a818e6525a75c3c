"""Runs template.yaml on one machine without Docker: embedded AWS, HTTP front, sandbox hosts."""
