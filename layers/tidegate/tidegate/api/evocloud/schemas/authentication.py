"""``authentication`` in requests (contract, section 2.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, StrictBool, StrictStr

from tidegate.api.evocloud.schemas.fields import (
    AS_TEXT,
    S64,
    S254,
    WireModel,
    at_most,
    is_proof,
    one_of,
    whole,
)
from tidegate.domain.errors import (
    AuthenticationUnsupported,
    InvalidValue,
    MissingConditionalField,
)
from tidegate.services.commands import Authenticate

if TYPE_CHECKING:  # what only some payments have
    from tidegate.domain.authentication import Authentication, BrowserInfo

MODES = ("threeDSPage", "threeDSIntegrator", "SecurePlus", "threeDS")
_STATUS_OF_ECI = {"05": "Y", "02": "Y", "06": "A", "01": "A"}
YesNo = Annotated[StrictStr, one_of("Y", "N", "U")]


class MpiData(WireModel):
    """The result of an authentication that the merchant had made elsewhere."""

    cavv: Annotated[StrictStr, at_most(28)] | None = Field(None, repr=False)
    eci: Annotated[StrictStr, at_most(2)] | None = None
    xid: Annotated[StrictStr, at_most(20)] | None = None
    dsTransID: Annotated[StrictStr, at_most(36)] | None = None
    threeDSVersion: Annotated[StrictStr, at_most(10)] | None = None


class RedirectData(WireModel):
    """What the merchant's own page learnt from the browser."""

    spellings: ClassVar = {"threeDSComplnd": "threeDSCompInd"}

    cres: StrictStr | None = None
    threeDSCompInd: YesNo | None = None
    threeDSFinished: YesNo | None = None


class ThreeDS(WireModel):
    """``authentication.threeDS``."""

    authenticationType: Annotated[StrictStr, one_of(*MODES)] | None = None
    shopperIP: S64 | None = None
    shopperEmail: S254 | None = None
    mpiData: MpiData | None = Field(None, repr=False)
    redirectData: RedirectData | None = None


class Browser(WireModel):
    """``authentication.browserInfo``."""

    acceptHeader: Annotated[StrictStr, at_most(2048)] | None = None
    colorDepth: Annotated[StrictStr, AS_TEXT, whole(1, 48)] | None = None
    javaEnabled: StrictBool | None = None
    javaScriptEnabled: StrictBool | None = None
    language: Annotated[StrictStr, at_most(8)] | None = None
    screenHeight: Annotated[StrictStr, AS_TEXT, whole(0, 999999)] | None = None
    screenWidth: Annotated[StrictStr, AS_TEXT, whole(0, 999999)] | None = None
    timeZoneOffset: Any = None
    userAgent: Annotated[StrictStr, at_most(2048)] | None = None

    def read(self, ip: str | None) -> BrowserInfo:
        """For the access control server; what is missing has a plain default."""
        from tidegate.domain.authentication import BrowserInfo

        default = BrowserInfo()
        return BrowserInfo(
            accept_header=self.acceptHeader or default.accept_header,
            color_depth=int(self.colorDepth or default.color_depth),
            java_enabled=bool(self.javaEnabled),
            javascript_enabled=self.javaScriptEnabled is not False,
            language=self.language or default.language,
            screen_height=int(self.screenHeight or default.screen_height),
            screen_width=int(self.screenWidth or default.screen_width),
            time_zone_offset=_minutes(self.timeZoneOffset),
            user_agent=self.userAgent or default.user_agent,
            ip=ip,
        )


class AuthenticationBody(WireModel):
    """``authentication``."""

    type: Annotated[StrictStr, one_of(*MODES)] | None = None
    threeDS: ThreeDS | None = None
    browserInfo: Browser | None = None
    securePlus: dict[str, Any] | None = None

    def mode(self) -> str:
        """The documented mode; raises AuthenticationUnsupported."""
        given = self.type or (self.threeDS and self.threeDS.authenticationType) or MODES[0]
        if given == "SecurePlus" or (self.securePlus is not None and self.threeDS is None):
            raise AuthenticationUnsupported(
                "SecurePlus needs a UnionPay route", field="authentication.type"
            )
        return MODES[0] if given == "threeDS" else given

    def external(self) -> Authentication | None:
        """The merchant's own proof, complete or refused; raises MissingConditionalField,
        InvalidValue."""
        data = self.threeDS.mpiData if self.threeDS else None
        if data is None:
            return None
        for name in ("cavv", "eci", "dsTransID"):
            if getattr(data, name) is None:
                raise MissingConditionalField(field=f"authentication.threeDS.mpiData.{name}")
        if not is_proof(data.cavv or ""):
            raise InvalidValue(
                "must be 20 bytes in base64", field="authentication.threeDS.mpiData.cavv"
            )
        from tidegate.domain.authentication import Authentication

        return Authentication(
            mode="external",
            server_trans_id="",
            # Any other ECI says that nobody was authenticated: the payment goes without a proof.
            status=_STATUS_OF_ECI.get(data.eci or "", "U"),
            ds_trans_id=data.dsTransID or "",
            version=data.threeDSVersion or "",
            eci=data.eci or "",
            value=data.cavv or "",
        )


def authenticate(
    given: AuthenticationBody | None, wanted: bool | None, only: bool | None
) -> Authenticate:
    """The request's wishes; raises AuthenticationUnsupported, MissingConditionalField."""
    if given is None:
        return Authenticate(wanted=wanted, only=bool(only))
    ip = given.threeDS.shopperIP if given.threeDS else None
    return Authenticate(
        wanted=wanted,
        only=bool(only),
        mode=given.mode(),  # type: ignore[arg-type]
        browser=given.browserInfo.read(ip) if given.browserInfo else None,
        external=given.external(),
    )


def _minutes(value: Any) -> int:
    try:
        return max(-1440, min(1440, int(value)))
    except (TypeError, ValueError, OverflowError):  # 1e999 is a number too
        return 0
