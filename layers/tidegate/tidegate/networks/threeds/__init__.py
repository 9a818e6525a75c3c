"""EMV 3-D Secure 2.2.0, the 3DS Server's side."""
