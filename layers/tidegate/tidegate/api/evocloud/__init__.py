"""The EVO Cloud merchant API: signatures, schemas, result codes, envelope."""
