"""A table per kind of thing, long attribute names, an index for the merchant's reports."""

from __future__ import annotations

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model


class OnDemand:
    """What every table's ``Meta`` says beside its name."""

    region = "us-east-1"
    billing_mode = "PAY_PER_REQUEST"


class ByMerchant(GlobalSecondaryIndex["PaymentModel"]):  # type: ignore[no-untyped-call]
    """Payments of a merchant by status."""

    class Meta:
        index_name = "by_merchant"
        projection = AllProjection()

    merchant_id = UnicodeAttribute(hash_key=True)
    status = UnicodeAttribute(range_key=True)


class PaymentModel(Model):
    """A payment."""

    class Meta(OnDemand):
        table_name = "payments"

    payment_id = UnicodeAttribute(hash_key=True)
    merchant_id = UnicodeAttribute()
    merchant_transaction_id = UnicodeAttribute()
    status = UnicodeAttribute()
    amount = UnicodeAttribute()
    currency = UnicodeAttribute()
    card_brand = UnicodeAttribute()
    card_last_four_digits = UnicodeAttribute()
    encrypted_card = BinaryAttribute(legacy_encoding=False)
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    network_reference = UnicodeAttribute(null=True)
    authorization_code = UnicodeAttribute(null=True)
    captured_amount = UnicodeAttribute(null=True)
    webhook_url = UnicodeAttribute(null=True)
    webhook_status = UnicodeAttribute(null=True)
    by_merchant = ByMerchant()


class MerchantModel(Model):
    """A merchant."""

    class Meta(OnDemand):
        table_name = "merchants"

    merchant_id = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    webhook_url = UnicodeAttribute()
    limit = NumberAttribute()


class LedgerModel(Model):
    """One entry for each payment."""

    class Meta(OnDemand):
        table_name = "ledger"

    merchant_id = UnicodeAttribute(hash_key=True)
    entry_id = UnicodeAttribute(range_key=True)
    amount = UnicodeAttribute()
    currency = UnicodeAttribute()
    fee = UnicodeAttribute()
    booked_at = UnicodeAttribute()


MODELS: tuple[type[Model], ...] = (PaymentModel, MerchantModel, LedgerModel)
