"""Pages of docs/ that are made from the code; ``python -m local.documents`` writes them."""

from __future__ import annotations

from local.environments import ROOT
from tidegate.api.evocloud.result_codes import (
    LINKPAY_CODES,
    RESULT_CODES,
    TO_LINKPAY,
    TOLD_APART,
    ResultCode,
)

RESULT_CODES_PAGE = ROOT / "docs" / "result-codes.md"


def result_codes() -> str:
    """docs/result-codes.md."""
    sent = _table(RESULT_CODES)
    silent = ", ".join(code for code, known in RESULT_CODES.items() if not known.reached_by)
    quiet = ", ".join(code for code, known in LINKPAY_CODES.items() if not known.reached_by)
    same = ", ".join(f"{ours} → {theirs}" for ours, theirs in TO_LINKPAY.items())
    apart = "; ".join(
        f"{code} for {kind.code}: {str(kind.__doc__).rstrip('.')}"
        for kind, code in TOLD_APART.items()
    )
    return (
        "# Result codes\n\n"
        "Made by `python -m local.documents` from `api/evocloud/result_codes.py`; a test reaches"
        ' each code by the request named here. "Certainty" is that of the public material.\n\n'
        f"## Merchant API\n\n{sent}\n"
        f"Issuers' other refusals (DE 39 `nn`) are `I00nn`. Known, never sent here: {silent}.\n\n"
        "## LinkPay\n\nThe same numbers mean other things on LinkPay's paths. Refusals of a payment"
        f" made through a link keep the codes above. From our codes: {same}. And {apart}.\n\n"
        f"{_table(LINKPAY_CODES)}\nKnown, never sent here: {quiet}.\n"
    )


def _table(codes: dict[str, ResultCode]) -> str:
    rows = "".join(
        f"| {code} | {known.message} | {known.reached_by} | {known.certainty} |\n"
        for code, known in codes.items()
        if known.reached_by
    )
    return f"| Code | Meaning | Reached by | Certainty |\n|---|---|---|---|\n{rows}"


if __name__ == "__main__":
    RESULT_CODES_PAGE.write_text(result_codes())
