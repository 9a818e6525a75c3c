"""Bodies of requests, one module per object: pydantic reads, our errors name the field and its
code."""
