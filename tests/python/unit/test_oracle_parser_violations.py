# SPDX-License-Identifier: Apache-2.0
"""Which violation wins, what it clears, duplicates and missing members: doc/parser.md, "Results"."""

from __future__ import annotations

import itertools

import pytest

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Field, FieldType
from aws_fota.oracle.outcome import FIRST_FIELD, EnvelopeField, MessageKind, ParseResult, Scheme, Url
from aws_fota.oracle.parser import parse
from descriptions import FORTY, SCATTERED
from job_messages import MARK, assert_stands, described, execution, outcome

E = EnvelopeField

A = Field(("a",), FieldType.U32, "a", maximum=9)
B = Field(("b",), FieldType.STRING, "b", max_length=2)
C = Field(("in", "c"), FieldType.BOOL, "c")
D = Field(("in", "d"), FieldType.U32, "d", maximum=9)
FIELDS = [A, B, D, C]
INDEX = {field.destination: FIRST_FIELD + position for position, field in enumerate(FIELDS)}


def test_the_first_violation_in_the_order_of_bytes_wins() -> None:
    wrong = {"a": '"a":1¦0', "b": '"b":"xy¦z"', "c": '"in":{"c":¦null,"d":1}'}
    results = {"a": ParseResult.OUT_OF_RANGE, "b": ParseResult.TOO_LONG, "c": ParseResult.WRONG_TYPE}
    for order in itertools.permutations(wrong):
        first, *others = order
        text = ",".join([wrong[first], *(wrong[other].replace(MARK, "") for other in others)])
        found = assert_stands(execution(f"{{{text}}}"), results[first], INDEX[first], fields=FIELDS)
        assert found.job == {"d": 1}
        assert found.present & set(INDEX.values()) == {INDEX["d"]}


def test_a_refusal_of_the_text_wins_over_what_stands_before_it() -> None:
    text = '{"execution":{"jobId":5,"x":¦}'
    assert_stands(text, ParseResult.SYNTAX, E.MESSAGE)
    assert_stands('{"execution":{"jobId":5¦', ParseResult.TRUNCATED, E.MESSAGE)


def test_a_violation_wins_over_what_is_missing_before_it() -> None:
    fields = [Field(("z",), FieldType.BOOL, "z", required=True), A]
    assert_stands(execution('{"a":¦"x"}'), ParseResult.WRONG_TYPE, FIRST_FIELD + 1, fields=fields)
    found = assert_stands('{"clientToken":"¦","execution":{"x":1}}', ParseResult.WRONG_VALUE, E.CLIENT_TOKEN)
    assert E.EXECUTION in found.present


def test_within_one_value_the_first_rule_broken_wins() -> None:
    assert_stands(execution('{"b":"xy¦z\\u0000"}'), ParseResult.TOO_LONG, INDEX["b"], fields=FIELDS)
    assert_stands(execution('{"b":"x¦\\u0000yz"}'), ParseResult.WRONG_VALUE, INDEX["b"], fields=FIELDS)
    assert_stands(execution('{"a":1¦0.5}'), ParseResult.OUT_OF_RANGE, INDEX["a"], fields=FIELDS)
    assert_stands(execution('{"a":1¦.5}'), ParseResult.WRONG_TYPE, INDEX["a"], fields=FIELDS)


def test_the_rest_is_read_after_a_violation_and_the_other_outputs_filled() -> None:
    text = (
        '{"execution":{"status":"¦NO","jobDocument":{"a":7,"b":[],"in":{"c":true,"d":"x"}},"versionNumber":3,"jobId":"j"},'
        '"clientToken":"00000009"}'
    )
    found = assert_stands(text, ParseResult.WRONG_VALUE, E.STATUS, fields=FIELDS)
    assert (found.client_token, found.job_id, found.version_number, found.status) == (9, "j", 3, 0)
    assert found.job == {"a": 7, "c": True}


@pytest.mark.parametrize("second", ["7", "8", '"x"', "null", "[]", "99", '{"a":1}'])
def test_both_holders_of_a_duplicate_are_cleared_whatever_the_second_is(second: str) -> None:
    found = assert_stands(
        execution(f'{{"a":7,"b":"x","a":¦{second}}}'), ParseResult.DUPLICATE, INDEX["a"], fields=FIELDS
    )
    assert found.job == {"b": "x"}


def test_a_third_holder_does_not_fill_what_a_duplicate_cleared() -> None:
    found = assert_stands(execution('{"a":7,"a":¦7,"a":7}'), ParseResult.DUPLICATE, INDEX["a"], fields=FIELDS)
    assert found.job == {}


def test_a_member_that_broke_its_rule_was_there_all_the_same() -> None:
    found = assert_stands(execution('{"a":¦"x","a":7}'), ParseResult.WRONG_TYPE, INDEX["a"], fields=FIELDS)
    assert found.job == {}


@pytest.mark.parametrize("spelling", ["\\u0061", "a"])
def test_keys_are_compared_unescaped(spelling: str) -> None:
    assert outcome(execution(f'{{"{spelling}":7}}'), fields=FIELDS).job == {"a": 7}
    assert_stands(execution(f'{{"a":7,"{spelling}":¦7}}'), ParseResult.DUPLICATE, INDEX["a"], fields=FIELDS)


@pytest.mark.parametrize("name", ["A", "a ", "", "a\\u0000", "\\u0000a", "\\ud800", "aa", "á", "\\u00e1"])
def test_a_key_that_is_not_quite_it_is_skipped(name: str) -> None:
    found = outcome(execution(f'{{"{name}":"x","{name}":null}}'), fields=FIELDS)
    assert (found.result, found.job) == (ParseResult.OK, {})


def test_escaped_keys_of_the_envelope() -> None:
    text = '{"\\u0065xecution":{"job\\u0049d":"j","status":"QUEUED","versio\\u006eNumber":1}}'
    assert outcome(text, MessageKind.WATCH).job_id == "j"


def test_skipped_members_may_repeat_and_are_not_described_elsewhere() -> None:
    text = execution('{"x":1,"x":2,"y":{"a":"x","a":null},"in":{"a":[],"a":[],"c":true}}')
    found = outcome('{"a":"x","jobId":5,"jobDocument":1,' + text[1:], fields=FIELDS)
    assert (found.result, found.job) == (ParseResult.OK, {"c": True})


@pytest.mark.parametrize("second", ['{"c":false,"d":2}', "{}", "5", "null"])
@pytest.mark.parametrize("first", ['{"c":true,"d":1}', "{}", '{"d":1}'])
def test_a_container_twice_is_a_duplicate_of_its_lowest_field(first: str, second: str) -> None:
    text = execution(f'{{"a":7,"in":{first},"in":¦{second}}}')
    found = assert_stands(text, ParseResult.DUPLICATE, INDEX["d"], fields=FIELDS)
    assert found.job == {"a": 7}


@pytest.mark.parametrize("value", ["[]", "null", '"x"', '[{"c":true}]', "7"])
def test_a_container_of_another_type_is_a_wrong_type_of_its_lowest_field(value: str) -> None:
    found = assert_stands(execution(f'{{"in":¦{value},"a":7}}'), ParseResult.WRONG_TYPE, INDEX["d"], fields=FIELDS)
    assert found.job == {"a": 7}


def test_an_envelopes_container_twice_is_a_duplicate_of_its_own() -> None:
    text = execution('{"a":1,"in":{}}')[:-1] + ',"clientToken":"00000001","execution":¦{}}'
    found = assert_stands(text, ParseResult.DUPLICATE, E.EXECUTION, fields=FIELDS)
    assert (found.job_id, found.version_number, found.status, found.job) == ("", 0, 0, {})
    assert found.present == {E.MESSAGE, E.CLIENT_TOKEN}
    inner = '{"execution":{"jobDocument":{"a":1},"jobDocument":¦{"a":1},"jobId":"j"}}'
    found = assert_stands(inner, ParseResult.DUPLICATE, E.JOB_DOCUMENT, fields=FIELDS)
    assert (found.job_id, found.job) == ("j", {})
    assert found.present == {E.MESSAGE, E.EXECUTION, E.JOB_ID}
    state = '{"executionState":{"status":"QUEUED"},"executionState":¦{},"code":"InvalidJson"}'
    found = assert_stands(state, ParseResult.DUPLICATE, E.EXECUTION_STATE, MessageKind.REJECTED)
    assert (found.status, found.code) == (0, 2)
    assert found.present == {E.MESSAGE, E.CODE}
    pending = '{"queuedJobs":[{"jobId":"a"}],"queuedJobs":¦[]}'
    found = assert_stands(pending, ParseResult.DUPLICATE, E.QUEUED_JOBS, MessageKind.PENDING)
    assert found.job_id == ""
    assert found.present == {E.MESSAGE}
    assert outcome(execution("{}")[:-1] + ',"execution":1}', MessageKind.UPDATED).result is ParseResult.OK
    watched = f'{{"execution":{{"jobDocument":1,{execution("{}")[14:-2]}}}}}'
    assert outcome(watched, MessageKind.WATCH).result is ParseResult.OK


U = Field(("u",), FieldType.URL, "url", required=True)
S = Field(("l", "s"), FieldType.SCHEME, "url", required=True)
H = Field(("l", "h"), FieldType.HOST, "url", required=True)
P = Field(("l", "p"), FieldType.PATH, "url", required=True)
GROUP = [S, A, H, P, U]
S_INDEX, _, H_INDEX, P_INDEX, U_INDEX = range(FIRST_FIELD, FIRST_FIELD + 5)

WHOLE = '"u":"http://h:1/p"'
PARTS = '"l":{"s":"http:","h":"h:1","p":"p"}'


def test_url_and_parts_give_the_same() -> None:
    for document in (WHOLE, PARTS, '"l":{"p":"/p","h":"h:1","s":"HTTP"}', WHOLE + ',"l":{}'):
        found = outcome(execution(f"{{{document}}}"), fields=GROUP)
        assert (found.result, found.job) == (ParseResult.OK, {"url": Url(Scheme.HTTP, "h", 1, "/p")})


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (f'{WHOLE},"l":{{"s":¦"http","h":"h","p":"p"}}', S_INDEX),
        (f'{WHOLE},"l":{{"x":1,"h":¦5}}', H_INDEX),
        (f'{PARTS},"u":¦"http://h:1/p"', U_INDEX),
        ('"l":{"p":"p"},"u":¦null', U_INDEX),
        (f'{WHOLE},"l":{{}},"u":¦1', U_INDEX),
        (f'{PARTS},"l":¦{{}}', S_INDEX),
        (f'{WHOLE},"l":{{}},"l":¦{{}}', S_INDEX),
        (f'{WHOLE},"l":{{}},"l":¦{{"s":"http"}}', S_INDEX),
        ('"l":{"h":"h","s":"http","h":¦"h","p":"p"}', H_INDEX),
    ],
)
def test_one_destination_is_filled_once(document: str, field: int) -> None:
    found = assert_stands(execution(f'{{"a":7,{document}}}'), ParseResult.DUPLICATE, field, fields=GROUP)
    assert found.job == {"a": 7}
    assert found.present & set(range(FIRST_FIELD, FIRST_FIELD + 5)) == {FIRST_FIELD + 1}


@pytest.mark.parametrize(
    ("document", "result", "field"),
    [
        ('"l":{"s":"http","h":"h¦ ","p":"p"}', ParseResult.WRONG_VALUE, H_INDEX),
        ('"l":{"s":¦1,"h":"h","p":"p"}', ParseResult.WRONG_TYPE, S_INDEX),
        ('"u":¦1,"l":{"s":"http","h":"h","p":"p"}', ParseResult.WRONG_TYPE, U_INDEX),
        ('"l":¦[],' + WHOLE, ParseResult.WRONG_TYPE, S_INDEX),
        (WHOLE + ',"l":¦5', ParseResult.WRONG_TYPE, S_INDEX),
    ],
)
def test_the_fields_of_one_url_violate_together(document: str, result: ParseResult, field: int) -> None:
    found = assert_stands(execution(f'{{{document},"a":7}}'), result, field, fields=GROUP)
    assert found.job == {"a": 7}
    assert found.present & set(range(FIRST_FIELD, FIRST_FIELD + 5)) == {FIRST_FIELD + 1}


@pytest.mark.parametrize(
    ("document", "missing"),
    [
        ("", S_INDEX),
        ('"l":{}', S_INDEX),
        ('"l":{"s":"http"}', H_INDEX),
        ('"l":{"h":"h"}', S_INDEX),
        ('"l":{"p":"p"}', S_INDEX),
        ('"l":{"s":"http","h":"h"}', P_INDEX),
        ('"l":{"s":"http","p":"p"}', H_INDEX),
        ('"l":{"h":"h","p":"p"}', S_INDEX),
        (PARTS, None),
        (WHOLE, None),
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_a_url_is_complete_or_its_lowest_part_is_missing(document: str, missing: int | None, required: bool) -> None:
    fields = [Field(field.path, field.type, field.destination, required) for field in (S, H, P, U)]
    fields.insert(1, A)
    text = execution(f"{{{document}}}")
    found = outcome(text, fields=fields)
    if missing is None or (not required and document in ("", '"l":{}')):
        assert found.result is ParseResult.OK
    else:
        assert (found.result, found.field, found.offset) == (ParseResult.MISSING, missing, len(text))
        # Nothing was wrong with what is there.
        assert ("url" in found.job) is (":" in document.replace('"l":{}', ""))


def test_the_lowest_of_all_missing_fields_is_named() -> None:
    fields = [Field(("z",), FieldType.PATH, "url", required=True), *FIELDS, S, H]
    needed = Field(("y",), FieldType.BOOL, "y", required=True)
    assert outcome(execution("{}"), fields=[*fields, needed]).field == FIRST_FIELD
    assert outcome(execution('{"l":{"s":"http"}}'), fields=[needed, *fields]).field == FIRST_FIELD
    assert outcome(execution('{"l":{"s":"http"}}'), fields=[*fields, needed]).field == FIRST_FIELD
    assert outcome(execution('{"l":{"s":"http"},"z":""}'), fields=[needed, *fields]).field == FIRST_FIELD
    found = outcome(execution('{"l":{"s":"http","h":"h"},"z":""}'), fields=[*fields, needed])
    assert (found.result, found.field) == (ParseResult.MISSING, FIRST_FIELD + 7)


def test_of_a_url_that_is_not_there_the_lowest_field_is_missing_and_else_the_lowest_part() -> None:
    fields = [U, P, S, H]
    assert outcome(execution("{}"), fields=fields).field == FIRST_FIELD
    assert outcome(execution('{"l":{"p":"p"}}'), fields=fields).field == FIRST_FIELD + 2


def test_only_the_parts_that_are_described_make_a_url() -> None:
    found = outcome(execution('{"l":{"s":"https","h":"h"}}'), fields=[S, H])
    assert (found.result, found.job) == (ParseResult.OK, {"url": Url(Scheme.HTTPS, "h")})


def test_elements_are_described_by_their_index() -> None:
    document = (
        '"list":[5,{"x":[]},"ab",null,1,2,3,true,[]],"matrix":[["x",-5,[]],[6,null],7],'
        '"parts":[{"name":"\\n","sums":[null,"00ff00FF"]},5,{},{"name":"p"}],'
    )
    rest = '"operation":"o","size":1,"location":{"url":"http://h"},"b":{"on":true},"mode":"a"'
    found = parse(FORTY, Settings(), MessageKind.EXECUTION, execution(f"{{{document}{rest}}}").encode())
    assert found.result is ParseResult.OK
    assert {
        "list_0": 5,
        "list_2": "ab",
        "list_7": True,
        "matrix_0_1": -5,
        "matrix_1_0": 6,
        "part_0_name": "\n",
        "part_0_sum": b"\x00\xff\x00\xff",
        "part_3_name": "p",
    }.items() <= found.job.items()


@pytest.mark.parametrize(
    ("document", "result", "path"),
    [
        ('"list":¦{}', ParseResult.WRONG_TYPE, ("list", 0)),
        ('"list":[¦"x"]', ParseResult.WRONG_TYPE, ("list", 0)),
        ('"list":[1,2,¦null]', ParseResult.WRONG_TYPE, ("list", 2)),
        ('"list":[0],"list":¦[0]', ParseResult.DUPLICATE, ("list", 0)),
        ('"matrix":[¦5]', ParseResult.WRONG_TYPE, ("matrix", 0, 1)),
        ('"matrix":[[],¦{}]', ParseResult.WRONG_TYPE, ("matrix", 1, 0)),
        ('"parts":[¦[]]', ParseResult.WRONG_TYPE, ("parts", 0, "name")),
        ('"parts":[{"name":"x","name":¦"x"}]', ParseResult.DUPLICATE, ("parts", 0, "name")),
        ('"parts":[{"sums":[],"sums":¦[]}]', ParseResult.DUPLICATE, ("parts", 0, "sums", 1)),
        ('"parts":[{},1,1,¦null]', ParseResult.WRONG_TYPE, ("parts", 3, "name")),
        ('"d":{"e":{"e":¦[]}}', ParseResult.WRONG_TYPE, ("d", "e", "e", "p", "e", "r")),
        ('"größe.x[0]":{"\\ud83d\\ude00":{"a\\"b\\\\c":"123456¦7"}}', ParseResult.TOO_LONG, None),
    ],
)  # fmt: skip
def test_elements_break_rules_as_members_do(
    document: str, result: ParseResult, path: tuple[str | int, ...] | None
) -> None:
    path = path or ("größe.x[0]", "\U0001f600", 'a"b\\c')
    index = FIRST_FIELD + next(position for position, field in enumerate(FORTY.fields) if field.path == path)
    assert_stands(execution(f"{{{document}}}"), result, index, fields=FORTY.fields)


def test_an_array_that_ends_before_a_required_element() -> None:
    fields = [Field(("list", 1), FieldType.BOOL, "x", required=True)]
    for document in ('{"list":[true]}', '{"list":[]}', "{}"):
        found = outcome(execution(document), fields=fields)
        assert (found.result, found.field) == (ParseResult.MISSING, FIRST_FIELD)
    assert outcome(execution('{"list":[null,true]}'), fields=fields).job == {"x": True}


def test_a_path_of_the_document_is_not_mistaken_for_one_of_the_envelope() -> None:
    inner = '"a":{"size":2,"operation":"o","b":{"host":"h"}},"c":{"scheme":"http"}'
    text = execution(f'{{"z":"/k","jobId":18446744073709551615,{inner}}}')
    found = parse(SCATTERED, Settings(), MessageKind.EXECUTION, text.encode())
    assert (found.result, found.job_id) == (ParseResult.OK, "j")
    assert found.job == {"operation": "o", "size": 2, "inner_job": 2**64 - 1, "url": Url(Scheme.HTTP, "h", 0, "/k")}


def test_descriptions_that_contradict_themselves_are_refused() -> None:
    for fields in ((A, Field(("a", "x"), FieldType.BOOL, "x")), (C, Field(("in", 0), FieldType.BOOL, "x")), (A, A)):
        with pytest.raises(ValueError, match=r"path|twice"):
            parse(described(*fields), Settings(), MessageKind.EXECUTION, b"{}")
