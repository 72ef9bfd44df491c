# SPDX-License-Identifier: Apache-2.0
"""Which texts the oracle refuses and at which byte: doc/parser.md, "The text"."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aws_fota.config.limits import Settings
from aws_fota.oracle import json_witness
from aws_fota.oracle.json_text import read_text
from aws_fota.oracle.json_tree import Array, Literal, Number, Object, Text, TextRefused
from aws_fota.oracle.json_witness import read_witnessed
from aws_fota.oracle.outcome import MessageKind, Outcome, ParseResult
from differential.value_strategies import NASTY
from job_messages import marked, outcome

DEPTH = 16


def verdict(data: bytes, depth: int = DEPTH) -> tuple[ParseResult, int]:
    try:
        read_witnessed(data, depth)
    except TextRefused as refused:
        return refused.result, refused.offset
    return ParseResult.OK, 0


FINE = [
    "{}", "[]", '""', "0", "-0", "1", "-1", "10", "1.0", "1.50", "0.1", "0e0", "1E+5", "1e-05", "-1.25e+100", "1E400",
    "true",
    "false", "null", " {} ", "\t\n\r [ ] \r\n\t", '{"":0}', '{"a":1,"a":2}', '{ "a" : [ 1 , { } ] , "b" : "" }',
    "[[],{},[[]]]",
    r'"\"\\\/\b\f\n\r\t"', r'"\u0000\u001f\uFFFF\uabcd"', r'"\ud83d\ude00"', r'"\ud800\udc00"', r'"\udbff\udfff"',
    r'"\ud800"', r'"\udc00"',
    r'"\ud800\ud800"',
    r'"\udc00\ud800"', r'"\ud800x"', r'"\ud800\n"', '"\x7f"',
    '"\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"',
    '"\u2028\ufeff"', "9" * 5000, '"' + "a" * 5000 + '"',
]  # fmt: skip


@pytest.mark.parametrize("text", FINE)
def test_text_that_rfc_8259_allows_is_accepted(text: str) -> None:
    assert verdict(text.encode("utf-8")) == (ParseResult.OK, 0)


@pytest.mark.parametrize(
    "text",
    [
        # Numbers.
        "0¦1", "-¦a", "-0¦0", "¦+1", "¦.5", "1.¦e5", "1e¦x", "1e+¦-1", "1.5¦.5", "0¦x10", "1¦_000", "-¦-1", "1e5¦.0",
        "-¦Infinity", "¦NaN", "¦Infinity", "1¦a", "[1 ¦2]", "[-¦]", "[1.¦]", "[1e¦]", "[1e+¦]", "¦１",
        # Literals.
        "¦True", "t¦Rue", "tru¦E", "nul¦ ", "true¦x", "true¦false", "n¦an", "fa¦sl", "[nul¦]",
        # Objects.
        "{¦,}", "{¦1:2}", '{"a"¦}', '{"a"¦,1}', '{"a":¦}', '{"a":1¦"b":2}', '{"a":1,¦}', '{"a":1,¦,"b":2}', '{"a"¦"b"}',
        '{"a":1¦]', "{¦'a':1}", "{¦a:1}", '{"a":1¦:2}', "{¦]", '{"a"¦a:1}', '{¦{}:1}', '{"a":1,¦1}', '{"a":¦:1}',
        # Arrays.
        "[¦,1]", "[1,¦]", "[1,¦,2]", "[1¦:2]", "[1¦}", "[¦}", '["a"¦"b"]', '["a"¦:1]', "[1¦;2]",
        # Strings.
        r'"\¦x41"', r'"\¦a"', r'"\¦0"', '"\\¦\n"', r'"\¦U0041"', r'"\u¦g000"', r'"\u00¦"', r'"\u004¦:"', r'"\u¦+041"',
        r'"\u¦ 041"',
        '"a¦\nb"', '"¦\t"', '"¦\x00"', '"¦\x1f"', "¦'a'", r'"\ud800\u12¦x4"', r'"\ud800\¦x"',
        r'"\u¦００"',
        # Around the value, and no white space but RFC 8259's.
        "{}¦x", "{}¦{}", "1¦,", "¦,", "¦}", "¦]", "¦:", "¦\x00", "{}¦\x00", "{}\n¦/", "¦/**/{}", "¦//\n1", "¦#\n1",
        "¦\x0b1", "1¦\x0c",
        "1¦\u00a0", "¦\ufeff{}", "{}¦\ufeff", "{¦\x0b}", '{"a"¦\u00a0:1}', "[1¦\u2003]", "¦\x1e{}", "{}¦}",
    ],
)  # fmt: skip
def test_text_is_refused_at_the_first_byte_that_nothing_can_mend(text: str) -> None:
    data, offset = marked(text)
    assert offset < len(data)
    assert verdict(data) == (ParseResult.SYNTAX, offset)


@pytest.mark.parametrize(
    "data",
    [
        b"", b" ", b"\n\t", b"{", b"[", b'"', b"-", b"1.", b"1e", b"1e+", b"t", b"tru", b"nul", b"fals", b'{"', b'{"a',
        b'{"a"', b'{"a" ',
        b'{"a":', b'{"a":1', b'{"a":1,', b"[1", b"[1,", b"[[]", b'"\\', b'"\\u', b'"\\u12', b'"\\u1234', b'"\xc3',
        b'"\xe2\x82', b'"\xf0\x9f\x98',
        b'"\\ud83d', b'"\\ud83d\\', b'"\\ud83d\\ude0', b"[1 ", b'{"a":[{"b":"c"}]',
    ],
)  # fmt: skip
def test_text_cut_short_is_refused_at_its_end(data: bytes) -> None:
    assert verdict(data) == (ParseResult.TRUNCATED, len(data))


def test_every_truncation_of_a_message_is_refused_at_its_end() -> None:
    whole = '{"a":[1.5e-3,"\\u00e9\\ud83d\\ude00é€\U0001f600",{"b":null,"c":true}],"d":false} '.encode()
    assert verdict(whole) == (ParseResult.OK, 0)
    for length in range(len(whole) - 1):
        assert verdict(whole[:length]) == (ParseResult.TRUNCATED, length)


# Prefixes of up to a length over an alphabet, against the definition itself: a prefix is viable when json takes one of
# its continuations. Those tried end an atom, then perhaps a member, then close brackets in every order.
ATOM_ENDS = [
    "",
    "0",
    '"',
    '0"',
    '00"',
    '000"',
    '0000"',
    'u0000"',
    '""',
    "e",
    "ue",
    "rue",
    "se",
    "lse",
    "alse",
    "l",
    "ll",
    "ull",
]
MEMBER_ENDS = ["", ":0", "0:0", '":0', '"":0']


def _json_takes(text: str) -> bool:
    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


def _is_viable(prefix: str) -> bool:
    opened = prefix.count("{") + prefix.count("[")
    closings = ["".join(signs) for count in range(opened + 1) for signs in itertools.product("}]", repeat=count)]
    endings = itertools.product(ATOM_ENDS, MEMBER_ENDS, closings)
    return any(_json_takes(prefix + "".join(ending)) for ending in endings)


def _viable_prefixes(alphabet: str, length: int, prefix: str = "") -> Iterator[tuple[str, bool]]:
    """Each prefix whose all but the last character the oracle takes, and whether it takes that one too."""
    for character in alphabet:
        text = prefix + character
        result, offset = verdict(text.encode("ascii"))
        is_viable = result is not ParseResult.SYNTAX
        assert is_viable or offset == len(prefix), f"{text!r} is refused before its last byte"
        yield text, is_viable
        if is_viable and length > 1:
            yield from _viable_prefixes(alphabet, length - 1, text)


@pytest.mark.parametrize(
    ("alphabet", "length"),
    [('{}[],:"0 ', 4), ('{}":,', 6), ("-+.eE09 ,", 5), ('"\\un/a0G', 4), ("truefalsn", 4), ("[]{},1", 5)],
)
def test_a_prefix_is_viable_just_when_json_takes_a_continuation(alphabet: str, length: int) -> None:
    judged = list(_viable_prefixes(alphabet, length))
    assert {is_viable for _, is_viable in judged} == {True, False}
    for text, is_viable in judged:
        assert _is_viable(text) is is_viable, text


def _is_utf_8(text: bytes) -> bool:
    try:
        text.decode("utf-8", "strict")
    except UnicodeDecodeError:
        return False
    return True


#: One of these completes whatever UTF-8 character has begun.
UTF_8_ENDS = (b"", b"\x80", b"\x80\x80", b"\x80\x80\x80", b"\xa0\x80", b"\x90\x80\x80")


def test_a_prefix_of_utf_8_is_viable_just_when_python_decodes_a_continuation() -> None:
    telling = [0x20, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF]
    telling += [0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF]
    for text in itertools.chain(
        (bytes(pair) for pair in itertools.product(range(0x80, 0x100), repeat=2)),
        (bytes([lead, *rest]) for lead in range(0xE0, 0xF6) for rest in itertools.product(telling, repeat=3)),
    ):
        expected = ParseResult.TRUNCATED, len(text) + 1
        for length in range(1, len(text) + 1):
            if not any(_is_utf_8(text[:length] + end) for end in UTF_8_ENDS):
                expected = ParseResult.SYNTAX, length
                break
        with pytest.raises(TextRefused) as refused:
            read_text(b'"' + text, DEPTH)
        assert (refused.value.result, refused.value.offset) == expected, text


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b'"\xc0\xaf"', 1), (b'"\xe0\x80\xaf"', 2), (b'"\xf0\x80\x80\xaf"', 2), (b'"\xed\xa0\x80"', 2),
        (b'"\xf4\x90\x80\x80"', 2),
        (b'"\xc3"', 2), (b'"\xe2\x82"', 3), (b'"\xe2\x28\xa1"', 2), (b'"\x80"', 1), (b'"\xff"', 1), (b'"a\xfe"', 2),
        (b"\xc3\xa9", 0),
        (b"[\xef\xbb\xbf]", 1), (b'{"\xff":1}', 2), (b'"\xf8\x88\x80\x80\x80"', 1), (b"\xff\xfe{\x00}\x00", 0),
        (b"{\x00}\x00", 1),
    ],
)  # fmt: skip
def test_bytes_that_are_not_utf_8_are_syntax(data: bytes, offset: int) -> None:
    assert verdict(data) == (ParseResult.SYNTAX, offset)


@pytest.mark.parametrize("depth", [4, 16, 32])
def test_the_bracket_that_nests_too_deeply_is_refused(depth: int) -> None:
    assert verdict(b"[" * depth + b"]" * depth, depth) == (ParseResult.OK, 0)
    assert verdict(b'{"a":' * depth + b"1" + b"}" * depth, depth) == (ParseResult.OK, 0)
    assert verdict(b"[[]," * (depth - 1) + b"[]" + b"]" * (depth - 1), depth) == (ParseResult.OK, 0)
    assert verdict(b"[" * (depth + 1), depth) == (ParseResult.DEPTH, depth)
    assert verdict(b"[" * 100_000, depth) == (ParseResult.DEPTH, depth)
    assert verdict(b'{"a":' * (depth + 1), depth) == (ParseResult.DEPTH, 5 * depth)
    # What comes first is what counts, and a bracket where none may stand is syntax.
    assert verdict(b"[" * depth + b"x[", depth) == (ParseResult.SYNTAX, depth)
    assert verdict(b"[" * (depth - 1) + b"{[", depth) == (ParseResult.SYNTAX, depth)
    assert verdict(b'["' + b"[" * 40 + b'"]', depth) == (ParseResult.OK, 0)


def test_positions_count_bytes_and_escapes_are_undone() -> None:
    data = ' {"é\\n":["\\ud83d\\ude00\\u0041é\\ud800€",-1.5e3,null,{"a":[]}]}'.encode()
    tree = read_text(data, DEPTH)
    assert isinstance(tree, Object)
    assert tree.start == 1
    ((name, array),) = tree.members
    assert name == "é\n"
    assert isinstance(array, Array)
    assert data[array.start : array.start + 1] == b"["
    text, number, null, inner = array.elements
    assert isinstance(text, Text)
    assert text.content == "\U0001f600Aé\ud800€"
    assert [offset - text.start for offset in text.offsets] == [1, 13, 19, 21, 27]
    assert data[text.end : text.end + 1] == b'"'
    assert isinstance(number, Number)
    assert (number.literal, data[number.start : number.end]) == ("-1.5e3", b"-1.5e3")
    assert null == Literal(number.end + 1, None)
    assert inner == Object(null.start + 5, (("a", Array(null.start + 10, ())),))


@pytest.mark.parametrize("data", NASTY)
def test_nasty_texts_are_refused_in_skipped_members_just_when_python_refuses_them(data: bytes) -> None:
    message = b'{"x":' + data + b"}"
    try:
        taken = _json_takes(message.decode("utf-8"))
    except UnicodeDecodeError:
        taken = False
    assert (outcome(message, MessageKind.OTHER).result is ParseResult.OK) is taken


@settings(max_examples=400, derandomize=True, deadline=None, database=None)
@given(st.lists(st.sampled_from([*b'{}[]:,"\\u01-.eEtfn \xc3\xa9\x00', *range(256)]), max_size=24).map(bytes))
@example(b'{"a":1}')
def test_python_agrees_on_any_bytes(data: bytes) -> None:
    # read_witnessed raises AssertionError where the two disagree.
    result, offset = verdict(data)
    assert offset <= len(data)
    assert (offset == len(data)) >= (result is ParseResult.TRUNCATED)
    assert verdict(data[:offset])[0] in (ParseResult.OK, ParseResult.TRUNCATED)


def test_a_disagreement_with_python_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_witness, "read_text", lambda data, depth: Array(0, ()))
    assert read_witnessed(b"[]", DEPTH) == Array(0, ())
    with pytest.raises(AssertionError, match="reads something else"):
        read_witnessed(b"[1]", DEPTH)
    with pytest.raises(AssertionError, match="json refuses"):
        read_witnessed(b"[", DEPTH)

    def refuse(data: bytes, depth: int) -> None:
        raise TextRefused(ParseResult.SYNTAX, 0)

    monkeypatch.setattr(json_witness, "read_text", refuse)
    with pytest.raises(AssertionError, match="json accepts"):
        read_witnessed(b"[]", DEPTH)


@pytest.mark.parametrize("kind", MessageKind)
def test_a_refusal_of_the_text_leaves_no_output(kind: MessageKind) -> None:
    message = b'{"clientToken":"00000001","code":"InvalidJson","execution":5,'
    assert outcome(message, kind) == Outcome(ParseResult.TRUNCATED, 0, len(message))
    assert outcome(message + b"}", kind) == Outcome(ParseResult.SYNTAX, 0, len(message))
    deep = message + b'"x":' + b"[" * 40
    assert outcome(deep, kind, settings=Settings(json_depth=4)) == Outcome(ParseResult.DEPTH, 0, len(message) + 7)
