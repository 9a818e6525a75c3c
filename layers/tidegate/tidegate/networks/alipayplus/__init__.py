"""Alipay+ (Antom AMS API, v1): one contract for the wallets behind it."""
