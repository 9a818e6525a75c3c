"""One module per card network or wallet protocol; adding a network is adding a file."""
