"""The kinds of personal data, their tokens, and what happens to each unless a recipe says otherwise."""

from typing import Literal, NamedTuple

Policy = Literal["mask", "surrogate", "keep"]
KindName = Literal[
    "rrn", "frn", "passport", "driver_licence", "card", "account", "mobile", "landline", "email", "handle", "ip", "address",
    "plate", "person", "birth_date", "member_number", "main_number", "brn", "crn", "placeholder",
]  # fmt: skip


class Kind(NamedTuple):
    """`token` replaces a masked value; `policy` is the default."""

    token: str
    policy: Policy
    doc: str


KINDS: dict[KindName, Kind] = {
    "rrn": Kind("<주민등록번호>", "mask", "resident registration number, also with its last digits starred"),
    "frn": Kind("<외국인등록번호>", "mask", "foreigner registration number"),
    "passport": Kind("<여권번호>", "mask", "passport number"),
    "driver_licence": Kind("<운전면허번호>", "mask", "driver's licence number"),
    "card": Kind("<카드번호>", "mask", "payment card number that passes the Luhn check, or is announced as one"),
    "account": Kind("<계좌번호>", "mask", "bank account number beside a bank, an account word or a holder"),
    "mobile": Kind("<전화번호>", "mask", "mobile number"),
    "landline": Kind("<전화번호>", "mask", "landline, internet or relay number"),
    "email": Kind("<이메일>", "mask", "e-mail address"),
    "handle": Kind("<아이디>", "mask", "messenger or account id behind the name of its service"),
    "ip": Kind("<IP주소>", "mask", "public IP address of a writer"),
    "address": Kind("<주소>", "mask", "address from the building or lot number on"),
    "plate": Kind("<차량번호>", "mask", "vehicle number plate"),
    "person": Kind("<이름>", "mask", "name of a private person beside contact data or in a form"),
    "birth_date": Kind("<생일>", "mask", "date of birth of a private person, in a form or beside contact data"),
    "member_number": Kind(
        "<식별자>", "mask", "number of a student, employee, member, patient, order beside a name or contact data"
    ),
    "main_number": Kind("<대표전화>", "keep", "number of a firm or a service: 15xx, 16xx, 18xx, 080"),
    "brn": Kind("<사업자등록번호>", "keep", "business registration number"),
    "crn": Kind("<법인등록번호>", "keep", "corporate registration number"),
    "placeholder": Kind("<예시>", "keep", "number or address that stands for others, as in documentation"),
}

# Names that labelled sets give to kinds, for `algok evaluate --pii`.
ALIASES = {
    "phone": "mobile", "mobile_phone": "mobile", "phone_number": "mobile", "tel": "landline", "telephone": "landline",
    "name": "person", "per": "person", "email_address": "email", "bank_account": "account", "account_number": "account",
    "credit_card": "card", "driver_license": "driver_licence", "license": "driver_licence", "car": "plate",
    "car_plate": "plate", "vehicle": "plate", "license_plate": "plate", "id": "handle", "account_id": "handle",
    "messenger": "handle", "ip_address": "ip", "kr_rrn": "rrn", "kr_frn": "frn", "kr_brn": "brn", "arn": "frn",
    "location": "address", "addr": "address", "birth": "birth_date", "birthday": "birth_date", "dob": "birth_date",
    "date_of_birth": "birth_date", "student_number": "member_number", "employee_number": "member_number",
}  # fmt: skip


def kind_of(name: str) -> str | None:
    """A kind by its own name or by an alias, whatever the case; None if unknown."""
    lower = name.lower()
    return lower if lower in KINDS else ALIASES.get(lower)
