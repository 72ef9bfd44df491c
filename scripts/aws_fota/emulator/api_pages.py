# SPDX-License-Identifier: Apache-2.0
"""Pages of a list: maxResults and nextToken."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from aws_fota.emulator.api_errors import ApiError

#: What a page holds when the request does not say; read in one place only.
PAGE = 25

_Item = TypeVar("_Item")


def page(
    items: Sequence[_Item], key: Callable[[_Item], Any], members: dict[str, Any]
) -> tuple[list[_Item], str | None]:
    """One page of `items`, and the token of the next, None after the last.

    The token holds the place where the page ended and not a count, so that what is made or removed in between is
    neither told twice nor makes others be left out.

    Args:
        items: the whole list.
        key: gives each its place, as text or numbers or a list of them; all different.
        members: of the request, with its maxResults and nextToken.

    Raises:
        ApiError: InvalidRequestException, the token is not one of these.
    """
    ordered = sorted(items, key=key)
    token = members.get("nextToken")
    if token is not None:
        try:
            after = json.loads(base64.urlsafe_b64decode(token.encode("ascii")))
            ordered = [one for one in ordered if key(one) > after]
        except (binascii.Error, ValueError, TypeError, RecursionError) as error:
            raise ApiError("InvalidRequestException", "nextToken is not one that was given out") from error
    limit = members.get("maxResults", PAGE)
    shown = ordered[:limit]
    if len(ordered) <= limit:
        return shown, None
    return shown, base64.urlsafe_b64encode(json.dumps(key(shown[-1])).encode()).decode()
