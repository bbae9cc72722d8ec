"""Credentials in URLs: refused, since recipes and plans are kept, shared and printed; and never shown in a message.

Storage finds its own in the environment or in its configuration (docs/inputs.md, "Credentials").
"""

import re

_REMEDY = (
    "leave them out of the URL: storage takes them from the environment (AWS_ACCESS_KEY_ID, GOOGLE_APPLICATION_CREDENTIALS, "
    "HF_TOKEN …) or from a file in ~/.config/fsspec/, see docs/inputs.md"
)
# Where `a:b@` is a place and no password: github://owner:repository@branch/file.
_OTHER_MEANING = r"(?!(?:github|git|gist)://)"
# A password may hold slashes; a port before the first one is none.
_PASSWORD = re.compile(
    rf"\b{_OTHER_MEANING}[\w+.\-]+://(?P<secret>[^\s/:@?#]*:(?!\d{{1,5}}(?:[/?#]|$))[^\s@]*)@", re.IGNORECASE
)
# For these a name alone is a key or a token; others (sftp, hdfs, abfs) name a user or a container so.
_TOKEN = re.compile(r"\b(?:https?|s3a?|gc?s)://(?P<secret>[^\s/:@?#]+)@", re.IGNORECASE)
_PARAMETER = re.compile(
    r"[?&;#](?:x-(?:amz|goog)-(?:signature|credential|security-token)|awsaccesskeyid|signature|sig|key|secret|token|auth|"
    r"authorization|credentials?|pass|passwd|password|pwd|(?:api|service)[_-]?key|client[_-]secret|secret[_-]?key|access[_-]?key(?:[_-]?id)?|"
    r"(?:access|auth|bearer|refresh|session|private|security)[_-]?token)=(?P<secret>[^\s&;#]+)",
    re.IGNORECASE,
)
_KINDS = (_PASSWORD, _TOKEN, _PARAMETER)


def problem_of(text: str) -> str | None:
    """What to tell of a text with a URL that holds credentials, or None; the message does not repeat them."""
    if "://" in text and any(kind.search(text) for kind in _KINDS):
        return f"a URL holds credentials ({without_credentials(text)[:200]}); {_REMEDY}"
    return None


def without_credentials(text: str) -> str:
    """The text with `***` for the credentials of all URLs in it."""
    if "://" not in text:
        return text
    for kind in _KINDS:
        text = kind.sub(_hidden, text)
    return text


def _hidden(match: re.Match[str]) -> str:
    start, end = match.span("secret")
    return f"{match.string[match.start() : start]}***{match.string[end : match.end()]}"
