"""Which brands a store can really take: those that it has a route for."""

from __future__ import annotations

from tidegate.domain.brands import Brand, Wanted, brand_named
from tidegate.domain.errors import BrandUnsupported, CardRangeUnsupported
from tidegate.domain.routing import brand_of_bin
from tidegate.domain.store import Store


def brands_of(store: Store, wanted: Wanted) -> list[Brand]:
    """In the order of the store's routes; an unknown BIN, brand or currency leaves none."""
    found = [brand_named(name) for name, ways in store.routes if ways]
    if wanted.tokenize:
        found = [one for one in found if one.tokenizable]
    if wanted.bin is not None:
        try:
            name = brand_of_bin(wanted.bin)
        except CardRangeUnsupported:
            return []
        return [one for one in found if one.name == name]
    if wanted.name is not None:
        try:
            brand = brand_named(wanted.name)
        except BrandUnsupported:
            return []
        return [one for one in found if one is brand]
    if wanted.currency is not None and wanted.currency not in store.currencies:
        return []
    return found
