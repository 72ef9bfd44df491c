# SPDX-License-Identifier: Apache-2.0
"""What each type accepts, and the byte that breaks its rule: doc/parser.md, "Types" and "The byte of a violation"."""

from __future__ import annotations

from typing import Any

import pytest

from aws_fota.jobdoc.model import Field, FieldType
from aws_fota.oracle.outcome import FIRST_FIELD, ParseResult
from job_messages import assert_stands, execution, outcome


def field(type: FieldType, **attributes: Any) -> Field:
    return Field(("v",), type, "v", **attributes)


def assert_stored(field: Field, value: str, expected: object) -> None:
    found = outcome(execution(f'{{"v":{value}}}'), fields=[field])
    assert found.result is ParseResult.OK, (value, found)
    assert dict(found.job) == {"v": expected}
    assert type(found.job["v"]) is type(expected)
    assert FIRST_FIELD in found.present


def assert_violates(field: Field, value: str, result: ParseResult) -> None:
    """``value`` has the mark before the byte of the violation."""
    found = assert_stands(execution(f'{{"v":{value},"w":1}}'), result, FIRST_FIELD, fields=[field])
    assert found.job == {}
    assert FIRST_FIELD not in found.present
    assert (found.job_id, found.version_number) == ("j", 1)


STRING = field(FieldType.STRING, max_length=4)
LOOSE = field(FieldType.STRING, max_length=4, control_characters=True)


@pytest.mark.parametrize(
    ("spelled", "text"),
    [
        ('""', ""), ('"abcd"', "abcd"), ('"é"', "é"), ('"éé"', "éé"), ('"a€"', "a€"),
        ('"\U0001f600"', "\U0001f600"),
        (r'"\ud83d\ude00"', "\U0001f600"), (r'"\uD83D\uDE00"', "\U0001f600"), (r'"\ud800\udc00"', "\U00010000"),
        (r'"\udbff\udfff"', "\U0010ffff"), (r'"\u0061\u00e9"', "aé"),
        (r'"\"\\\/"', '"\\/'),
        (r'"\u0020"', " "), ('"\u0080\u009f"', "\u0080\u009f"), (r'"\u20aCd"', "\u20acd"), ('"\ufeff"', "\ufeff"),
    ],
)  # fmt: skip
def test_a_string_is_stored_unescaped(spelled: str, text: str) -> None:
    assert_stored(STRING, spelled, text)
    assert_stored(LOOSE, spelled, text)


@pytest.mark.parametrize(
    "spelled",
    [
        '"abcd¦e"', '"abcd¦eeeee"', '"abc¦é"', '"abcd¦é"', '"ab¦€"', '"abc¦€"', '"a¦\U0001f600"',
        '"é¦€"', '"a€¦b"',
        r'"abcd¦\u0065"', r'"abcd¦\""', r'"abcd¦\\"', r'"abcd¦\/"', r'"abc¦\u00e9"', r'"ab¦\u20ac"',
        r'"a¦\ud83d\ude00"',
        r'"\u0061\u0062cd¦e"', r'"\ud83d\ude00¦\ud83d\ude00"', '"\U0001f600¦ "',
        r'"abcd¦e\u0000"',
    ],
)  # fmt: skip
def test_a_string_is_too_long_at_the_character_that_does_not_fit(spelled: str) -> None:
    assert_violates(STRING, spelled, ParseResult.TOO_LONG)
    assert_violates(LOOSE, spelled, ParseResult.TOO_LONG)


@pytest.mark.parametrize(
    "spelled",
    [
        r'"¦\u0000"', r'"ab¦\u0000"', r'"abcd¦\u0000"', r'"¦\ud800"', r'"a¦\udc00"', r'"¦\ud800a"', r'"¦\ud800\n"',
        r'"¦\ud800\u0041"',
        r'"¦\ud800\ud800\udc00"', r'"¦\udc00\ud800"',
        r'"\ud800\udc00¦\udc00"',
        r'"abcd¦\ud800"', r'"abcd¦\udc00"', r'"¦\udbff"', r'"¦\udfff"', r'"a¦\u0000bcdefgh"', r'"ab¦\ud800€"',
        r'"¦\ud800\\udc00"',
    ],
)  # fmt: skip
def test_nul_and_lone_surrogates_are_wrong_values_in_every_string(spelled: str) -> None:
    assert_violates(STRING, spelled, ParseResult.WRONG_VALUE)
    assert_violates(LOOSE, spelled, ParseResult.WRONG_VALUE)


@pytest.mark.parametrize(
    ("spelled", "text"),
    [
        (r'"a¦\n"', "a\n"), (r'"¦\r"', "\r"), (r'"¦\t"', "\t"), (r'"¦\b"', "\b"), (r'"¦\f"', "\f"),
        (r'"¦\u0001"', "\x01"),
        (r'"¦\u001f"', "\x1f"), (r'"¦\u007f"', "\x7f"), ('"abc¦\x7f"', "abc\x7f"), (r'"¦\u000A"', "\n"),
    ],
)  # fmt: skip
def test_other_control_characters_are_wrong_values_unless_allowed(spelled: str, text: str) -> None:
    assert_violates(STRING, spelled, ParseResult.WRONG_VALUE)
    assert_stored(LOOSE, spelled.replace("¦", ""), text)


def test_a_forbidden_character_is_a_wrong_value_where_it_would_not_fit_either() -> None:
    assert_violates(STRING, r'"abcd¦\n"', ParseResult.WRONG_VALUE)
    assert_violates(LOOSE, r'"abcd¦\n"', ParseResult.TOO_LONG)
    assert_violates(STRING, r'"abcd¦e\n"', ParseResult.TOO_LONG)


U32 = field(FieldType.U32, maximum=2**32 - 1)
I32 = field(FieldType.I32, minimum=-(2**31), maximum=2**31 - 1)
U64 = field(FieldType.U64, maximum=2**64 - 1)
SOME = field(FieldType.U32, minimum=10, maximum=250)
AROUND = field(FieldType.I32, minimum=-100, maximum=99)
BELOW = field(FieldType.I32, minimum=-20, maximum=-10)
ZERO = field(FieldType.U32)


@pytest.mark.parametrize(
    ("field", "numbers"),
    [
        (U32, ["0", "-0", "1", "4294967295"]),
        (I32, ["0", "-0", "-1", "2147483647", "-2147483648"]),
        (U64, ["0", "-0", "18446744073709551615", "9007199254740993"]),
        (SOME, ["10", "250", "99"]),
        (AROUND, ["-100", "-99", "-0", "99"]),
        (BELOW, ["-20", "-10", "-15"]),
        (ZERO, ["0", "-0"]),
    ],
)
def test_integers_in_bounds_are_stored(field: Field, numbers: list[str]) -> None:
    for number in numbers:
        assert_stored(field, number, int(number))


@pytest.mark.parametrize(
    ("field", "numbers"),
    [
        (
            U32,
            [
                "429496729¦6",
                "4294967295¦0",
                "999999999¦9",
                "-1¦",
                "-4294967295¦",
                "-429496729¦6",
                "1000000000¦0000",
            ],
        ),
        (I32, ["214748364¦8", "-214748364¦9", "2147483647¦0", "-2147483648¦0", "999999999¦99"]),
        (
            U64,
            [
                "1844674407370955161¦6",
                "18446744073709551615¦0",
                "-1¦",
                "-18446744073709551615¦",
                "-1844674407370955161¦6",
            ],
        ),
        (SOME, ["0¦", "-0¦", "9¦", "25¦1", "250¦0", "99¦9", "-10¦", "-250¦", "-25¦1", "1¦"]),
        (AROUND, ["10¦0", "-101¦", "-2147483648¦", "-214748364¦9", "99¦0"]),
        (BELOW, ["¦0", "¦5", "-9¦", "-21¦", "-0¦", "¦15", "-100¦"]),
        (ZERO, ["¦1", "-¦1", "¦10"]),
    ],
)
def test_integers_leave_their_bounds_at_a_digit_or_behind_the_number(field: Field, numbers: list[str]) -> None:
    for number in numbers:
        assert_violates(field, number, ParseResult.OUT_OF_RANGE)


@pytest.mark.parametrize(
    "number", ["1¦.0", "0¦.0", "-0¦.5", "1¦e0", "1¦E+2", "0¦e0", "-1¦.0", "-1¦e5", "25¦.5e3", "9¦.9", "12¦.0e-1"]
)
def test_a_fraction_or_an_exponent_is_a_wrong_type_at_its_sign(number: str) -> None:
    for described in (U32, U64, SOME):
        assert_violates(described, number, ParseResult.WRONG_TYPE)
    assert_violates(I32, number, ParseResult.WRONG_TYPE)


def test_what_comes_first_in_a_number_wins() -> None:
    assert_violates(U32, "429496729¦6.5", ParseResult.OUT_OF_RANGE)
    assert_violates(SOME, "25¦1e5", ParseResult.OUT_OF_RANGE)
    assert_violates(SOME, "9¦.0", ParseResult.WRONG_TYPE)
    assert_violates(U64, "-5¦.0", ParseResult.WRONG_TYPE)


def test_the_byte_behind_a_number_is_white_space_too() -> None:
    assert_violates(SOME, "9¦ ", ParseResult.OUT_OF_RANGE)
    assert_violates(SOME, "-1¦\n", ParseResult.OUT_OF_RANGE)


def test_booleans() -> None:
    described = field(FieldType.BOOL)
    assert_stored(described, "true", True)
    assert_stored(described, "false", False)
    for value in ("¦null", "¦0", "¦1", '¦"true"', "¦[true]", "¦{}"):
        assert_violates(described, value, ParseResult.WRONG_TYPE)


ENUM = field(FieldType.ENUM, values=("a", "ab", "abcd", "x y", "é", "è", "e€1"))


@pytest.mark.parametrize(
    ("spelled", "position"),
    [
        ('"a"', 1),
        ('"ab"', 2),
        ('"abcd"', 3),
        (r'"\u0061b"', 2),
        (r'"x\u0020y"', 4),
        ('"é"', 5),
        (r'"\u00e8"', 6),
        ('"e€1"', 7),
    ],
)
def test_an_enum_is_stored_as_its_position_from_1(spelled: str, position: int) -> None:
    assert_stored(ENUM, spelled, position)


@pytest.mark.parametrize(
    "spelled",
    [
        '"¦"', '"abc¦"', '"x¦"', '"¦A"', '"a¦c"', '"abcd¦e"', '"abcd¦\x7f"', r'"a\u0062¦\u0000"', '"¦ê"', r'"¦\u00ea"',
        '"e¦₭1"',
        '"e€¦"', '"é¦é"', r'"¦\ud800"', '"¦ a"', '"a¦ "', '"x ¦"', r'"ab¦\n"', '"¦\U0001f600"', '"x ¦Y"',
    ],
)  # fmt: skip
def test_a_text_leaves_an_enum_at_the_character_that_no_listed_text_has(spelled: str) -> None:
    assert_violates(ENUM, spelled, ParseResult.WRONG_VALUE)


HEX = field(FieldType.HEX, size=2)


def test_hex_digits_of_either_case_are_stored_as_bytes() -> None:
    assert_stored(HEX, '"00ff"', b"\x00\xff")
    assert_stored(HEX, '"aBCd"', b"\xab\xcd")
    assert_stored(HEX, r'"\u00301\u0046e"', b"\x01\xfe")


@pytest.mark.parametrize(
    "spelled",
    [
        '"¦"',
        '"00f¦"',
        '"00ff¦0"',
        '"00ff¦00"',
        '"0¦x00"',
        '"¦g"',
        '"00¦ ff"',
        '"00ff¦ "',
        r'"00ff¦\u0030"',
        '"00¦é"',
        '"¦０"',
        r'"0¦\u0000"',
    ],
)
def test_a_digest_of_another_form_is_a_wrong_value(spelled: str) -> None:
    assert_violates(HEX, spelled, ParseResult.WRONG_VALUE)


@pytest.mark.parametrize("type", FieldType)
def test_each_type_refuses_the_other_json_types_at_the_first_byte(type: FieldType) -> None:
    described = field(type, max_length=8, maximum=9, size=1, values=("a",))
    of_json = {
        "string": ['""', '"x"'],
        "number": ["0", "-1", "1.5", "99999"],
        "bool": ["true", "false"],
        "null": ["null"],
        "array": ["[]", '["a"]'],
        "object": ["{}", '{"v":"a"}'],
    }
    own = {FieldType.BOOL: "bool", FieldType.U32: "number", FieldType.I32: "number", FieldType.U64: "number"}
    for name, values in of_json.items():
        if name == own.get(type, "string"):
            continue
        for value in values:
            assert_violates(described, f" ¦{value} ", ParseResult.WRONG_TYPE)
