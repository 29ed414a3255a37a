"""Documents read in C++ are those that Python's own libraries read."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bpe import _core
from bpe.errors import CorpusError


def lines_of(data: bytes, field: str = "text") -> tuple[list[bytes], int, int]:
    """Return the documents, where the reader stopped, and how many lines it had read."""
    batch = _core.DocumentBatch()
    stop, num_lines = batch.add_json_lines(data, 0, field)
    return list(batch), stop, num_lines


# --- JSON lines ---------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)  # fmt: skip
records = st.builds(
    lambda before, text, after: {**before, "text": text, **after},
    st.dictionaries(st.text(max_size=3).filter(lambda name: name != "text"), json_values),
    st.text(),
    st.dictionaries(st.text(max_size=3).filter(lambda name: name != "text"), json_values),
)


@settings(max_examples=50)
@given(st.lists(records, max_size=4), st.booleans(), st.sampled_from([None, 2]))
def test_every_object_that_json_writes_is_read(
    objects: list[dict[str, Any]], ensure_ascii: bool, indent: int | None
) -> None:
    # With an indent but no line feeds there is space at every place that may have some.
    lines = [json.dumps(each, ensure_ascii=ensure_ascii, indent=indent) for each in objects]
    data = "\n".join(line.replace("\n", " \t\r") for line in lines).encode()
    expected = [each["text"].encode() for each in objects]
    if all("\\" not in json.dumps(list(each), ensure_ascii=ensure_ascii) for each in objects):
        assert (expected, len(data), len(objects)) == lines_of(data)


PIECES = (
    b'{"text": "|"|\\|\\u|d83d|\\ude00|00e9|}|{|[|]|:|,| |\n|text|"text"|\xc3\xa9|\xff|\0|\x1f|\r|'
    b"1|-|0|.|e|E+1|true|null|NaN|\\n|\\/|\\x"
).split(b"|")
BYTES = st.lists(st.sampled_from(PIECES), max_size=14)


@given(BYTES.map(b"".join), st.booleans())
@example(b'{"text": "\\ud83d\\ude00"}', False)
@example(b'{"n": 01, "text": ""}', False)
@example(b'{"n": -, "text": ""}', False)
@example(b'{"n": [1,], "text": ""}', False)
@example(b'{"n": {"a" 1}, "text": ""}', False)
@example(b'{"text": "a",}', False)
@example(b"{,}", False)
def test_what_is_read_means_the_same_to_json(data: bytes, wrapped: bool) -> None:
    """The reader may stop at any line it likes, but what it takes must be right."""
    if wrapped:
        data = b'{"text": "' + data + b'"}'
    documents, stop, num_lines = lines_of(data)
    read = data[:stop]
    assert num_lines == read.count(b"\n") + (stop == len(data) and data[-1:] not in (b"", b"\n"))
    expected = []
    for line in read.split(b"\n"):
        if line.strip(b" \t\r"):
            expected.append(json.loads(line.decode())["text"].encode())
    assert expected == documents


def test_every_short_line_is_taken_only_if_json_takes_it() -> None:
    """All strings of up to four pieces around the places where a value may be."""
    pieces = ["1", "0", "-", ".", "e", "[", "]", "{", "}", ",", '"a"', ":"]
    for length in range(1, 5):
        for value in itertools.product(pieces, repeat=length):
            line = f'{{"n":{"".join(value)},"text":"x"}}'
            documents, _, _ = lines_of(line.encode())
            try:
                expected = json.loads(line)["text"] == "x"
            except ValueError:
                expected = False
            assert expected == (documents == [b"x"]), line


@pytest.mark.parametrize(
    "line",
    [
        b'{"text": "\\ud83d"}',  # half of a pair
        b'{"text": "\\ude00\\ud83d"}',
        b'{"text": "a", "text": "b"}',
        b'{"te\\u0078t": "a"}',
        b'{"text": 1}',
        b'{"body": "a"}',
        b'["text"]',
        b'{"text": "a"} {"text": "b"}',
        b'{"text": "a\nb"}',
        b'{"text": "\xed\xa0\x80"}',
        b'{"n": NaN, "text": "a"}',
        b'{"n": ' + b"9" * 5000 + b', "text": "a"}',
        b'{"n": ' + b"[" * 64 + b"]" * 64 + b', "text": "a"}',
        b'{"n": ' + b"[" * 1_000_000,
        b'{"text": "a',
        b"\xef\xbb\xbf{}",
    ],
)
def test_an_unusual_line_is_left_to_python(line: bytes) -> None:
    before = b'{"text": "before"}\n\n'
    assert ([b"before"], len(before), 2) == lines_of(before + line + b'\n{"text": "after"}')


def test_reading_goes_on_wherever_a_line_begins() -> None:
    batch = _core.DocumentBatch()
    data = b'{"text": "a"}\n?\n{"text": "b"}'
    assert (14, 1) == batch.add_json_lines(data, 0, "text")
    assert (len(data), 1) == batch.add_json_lines(data, 16, "text")
    assert (len(data), 0) == batch.add_json_lines(data, len(data), "text")
    assert [b"a", b"b"] == list(batch)
    with pytest.raises(ValueError, match="behind the data"):
        batch.add_json_lines(data, len(data) + 1, "text")


@pytest.mark.parametrize("size", range(40))
def test_a_special_byte_is_found_at_every_place(size: int) -> None:
    for special in ('"', "\\", "\n", "é", "\x7f"):
        text = "a" * size + special + "b" * 9
        line = json.dumps({"text": text}, ensure_ascii=False).encode()
        assert ([text.encode()], len(line), 1) == lines_of(line)
        for cut in range(len(line) - 1):
            assert [] == lines_of(line[:cut])[0]


# --- separators ----------------------------------------------------------------


@given(st.text(alphabet="ab\n", max_size=30), st.text(alphabet="ab\n", min_size=1, max_size=3))
def test_separated_parts_are_those_of_split(text: str, separator: str) -> None:
    data, mark = text.encode(), separator.encode()
    *expected, rest = data.split(mark)
    for keep in (False, True):
        batch = _core.DocumentBatch()
        end = batch.add_separated(data, mark, keep)
        assert rest == data[end:]
        assert [part + mark * keep for part in expected] == list(batch)


def test_an_empty_separator_is_refused() -> None:
    with pytest.raises(ValueError, match="separator is empty"):
        _core.DocumentBatch().add_separated(b"a", b"", False)


# --- items ---------------------------------------------------------------------


def test_items_are_texts_until_something_else_comes() -> None:
    batch = _core.DocumentBatch()
    items = iter(["a", "é", b"\xff", {"text": "d"}, {"text": b"e"}, None, "g"])
    assert (5, [None]) == batch.add_items(items, 100, 100, "text")
    assert (1, None) == batch.add_items(items, 100, 100, "text")
    assert [b"a", "é".encode(), b"\xff", b"d", b"e", b"g"] == list(batch)
    for other in ({"body": "a"}, "\ud83d", {"text": None}, bytearray(b"a")):
        assert (0, [other]) == batch.add_items(iter([other]), 100, 100, "text")


def test_no_more_items_are_pulled_than_asked_for() -> None:
    batch = _core.DocumentBatch()
    items = iter(["abc"] * 10)
    assert (2, []) == batch.add_items(items, 2, 100, "text")
    assert (3, []) == batch.add_items(items, 100, 7, "text")
    assert 5 == len(list(items))
    with pytest.raises(TypeError, match="no iterator"):
        batch.add_items(["a"], 1, 1, "text")  # type: ignore[arg-type]


def test_documents_live_as_long_as_their_batch() -> None:
    batch = _core.DocumentBatch()
    for number in range(2000):
        batch.add_items(iter([f"text {number}", {"text": f"ü{number}"}]), 9, 99, "text")
        batch.add_json_lines(b'{"text": "a\\n%d"}' % number, 0, "text")
    assert "ü1999".encode() == batch[5998]
    assert b"a\n0" == batch[2]
    assert 6000 == len(batch)
    assert sum(map(len, batch)) == batch.num_bytes


def test_batches_share_memory_only_one_after_the_other() -> None:
    pool = _core.BufferPool()

    def read(number: int, pool: _core.BufferPool = pool) -> _core.DocumentBatch:
        batch = _core.DocumentBatch(pool)
        lines = b"".join(
            json.dumps({"text": f"{number} " * size}).encode() + b"\n"
            for size in (3, 2_000_000, 500_000, 3, 10**6)
        )
        assert (len(lines), 5) == batch.add_json_lines(lines, 0, "text")
        return batch

    first, second = read(1), read(2)
    copies = list(first), list(second)
    del first
    third = read(3)
    assert copies[1] == list(second)
    assert [copy.replace(b"1", b"3") for copy in copies[0]] == list(third)
    del pool, read
    assert copies[1] == list(second)


def test_every_start_of_a_character_is_judged_as_python_does() -> None:
    """Each lead with each second byte around the limits, in words of four bytes and at the end."""
    seconds = [0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
    thirds = [b"", b"\x7f", b"\x80", b"\xbf", b"\xc0"]
    tails = [b"", b"\x80", "é漢".encode()]
    documents = [
        bytes([lead, second]) + third + tail
        for lead in range(0x80, 0x100)
        for second in seconds
        for third in thirds
        for tail in tails
    ]
    batch = _core.DocumentBatch()
    batch.add_items(iter(documents), len(documents), 10**9, "text")
    for index, document in enumerate(documents):
        place = batch.find_invalid_utf8(index)
        is_valid = place is None or place[0] > index
        assert first_invalid(document) == (len(document) if is_valid else place[1]), document


def first_invalid(data: bytes) -> int:
    """Return where Python says that the data is not UTF-8, or its length."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(data)


def test_a_document_is_found_by_its_index() -> None:
    batch = _core.DocumentBatch()
    batch.add(b"a")
    assert (b"a", b"a") == (batch[0], batch[-1])
    for index in (1, -2):
        with pytest.raises(IndexError):
            batch[index]


@given(st.lists(st.binary(max_size=20) | st.text().map(str.encode), max_size=6))
def test_the_first_byte_that_is_not_utf8_is_found(documents: list[bytes]) -> None:
    expected = None
    for index, document in reversed(list(enumerate(documents))):
        try:
            document.decode()
        except UnicodeDecodeError as error:
            expected = index, error.start
    batch = _core.DocumentBatch()
    batch.add_items(iter(documents), 9, 999, "text")
    assert expected == batch.find_invalid_utf8()
    assert batch.find_invalid_utf8(len(documents)) is None


# --- Arrow ---------------------------------------------------------------------

TYPES = ("string", "large_string", "binary", "large_binary", "string_view", "binary_view")


@pytest.fixture
def pa() -> Any:
    return pytest.importorskip("pyarrow")


def rows_of(array: Any, field: str = "text") -> tuple[list[bytes], int]:
    batch = _core.DocumentBatch()
    num_nulls = batch.add_arrow_array(*array.__arrow_c_array__(), field)
    del array
    return list(batch), num_nulls


@pytest.mark.parametrize("kind", TYPES)
def test_every_layout_of_text_is_read_from_every_offset(pa: Any, kind: str) -> None:
    texts = ["", "a", None, "exactly 12 b", "thirteen byte", None, "é" * 40, "x" * 5000]
    array = pa.array(texts, pa.large_string()).cast(getattr(pa, kind)())
    for first in range(len(texts) + 1):
        for last in range(first, len(texts) + 1):
            part = [text for text in texts[first:last] if text is not None]
            nulls = last - first - len(part)
            assert ([t.encode() for t in part], nulls) == rows_of(array[first:last])


@pytest.mark.parametrize("index", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"])
def test_dictionaries_are_read(pa: Any, index: str) -> None:
    array = pa.DictionaryArray.from_arrays(
        pa.array([1, 0, None, 1, 2], getattr(pa, index)()), pa.array(["a", "b", None])
    )
    assert ([b"b", b"a", b"b"], 2) == rows_of(array)
    assert ([b"b"], 2) == rows_of(array[2:])


def test_a_column_of_a_table_is_found_by_its_name(pa: Any) -> None:
    batch = pa.record_batch({"id": [1, 2, 3], "text": ["a", None, "c"]})
    assert ([b"a", b"c"], 1) == rows_of(batch)
    assert ([b"c"], 1) == rows_of(batch[1:])
    assert ([], 3) == rows_of(pa.record_batch({"text": pa.nulls(3)}))
    with pytest.raises(CorpusError, match="no column 'body'; the columns are 'id', 'text'"):
        rows_of(batch, "body")
    with pytest.raises(CorpusError, match="column 'id' is of type int64, not text"):
        rows_of(batch, "id")
    with pytest.raises(CorpusError, match="of type list, not text"):
        rows_of(pa.record_batch({"text": [["a"]]}))


def test_a_stream_of_arrow_is_read_array_by_array(pa: Any) -> None:
    table = pa.table({"text": pa.chunked_array([["a", "b"], [], [None, "c"]])})
    stream = _core.ArrowStream(table.__arrow_c_stream__())
    batch = _core.DocumentBatch()
    read = []
    while (num_nulls := stream.read(batch, "text")) is not None:
        read.append(num_nulls)
    assert 1 == sum(read)
    assert [b"a", b"b", b"c"] == list(batch)
    assert stream.read(batch, "text") is None


def test_a_capsule_is_read_once(pa: Any) -> None:
    capsules = pa.array(["a"]).__arrow_c_array__()
    _core.DocumentBatch().add_arrow_array(*capsules, "text")
    with pytest.raises(CorpusError, match="was read before"):
        _core.DocumentBatch().add_arrow_array(*capsules, "text")
    with pytest.raises(ValueError, match="PyCapsule"):
        _core.ArrowStream(pa.array(["a"]).__arrow_c_array__()[0])


def test_an_error_of_the_producer_passes_through(pa: Any) -> None:
    def batches() -> Any:
        yield pa.record_batch({"text": ["a"]})
        raise LookupError("theirs")

    reader = pa.RecordBatchReader.from_batches(pa.schema({"text": pa.string()}), batches())
    stream = _core.ArrowStream(reader.__arrow_c_stream__())
    batch = _core.DocumentBatch()
    assert 0 == stream.read(batch, "text")
    with pytest.raises((CorpusError, LookupError), match="theirs"):
        stream.read(batch, "text")


# --- counting ------------------------------------------------------------------


def test_a_batch_counts_like_its_documents() -> None:
    batch = _core.DocumentBatch()
    batch.add_items(iter(["to be", "or not to be", "é"]), 9, 99, "text")
    counted, expected = _core.CountTable(), _core.CountTable()
    counted.count_documents(batch, "gpt2", [], 2, None)
    expected.count_documents(list(batch), "gpt2", [], 1, None)
    assert expected.items() == counted.items()


def test_a_special_token_given_twice_is_one() -> None:
    for specials in ([b"<x>"], [b"<x>", b"x", b"<x>", b"<x>y", b"x", b"<x>"]):
        table = _core.CountTable()
        table.count_documents([b"a<x>y<x>b"], "gpt2", specials, 1, None)
        expected = {b"a", b"b"} if b"<x>y" in specials else {b"a", b"y", b"b"}
        assert expected == dict(table.items()).keys()


def test_counts_are_added_so_many_times() -> None:
    table = _core.CountTable([(b"a", 1)])
    other = _core.CountTable([(b"a", 2), (b"a long pretoken of many bytes", 3)])
    table.add_times(other, 5)
    assert [(b"a", 11), (b"a long pretoken of many bytes", 15)] == table.items()
    for times in (2**62, 2**63 - 1):
        with pytest.raises(ValueError, match="more than 2"):
            table.add_times(other, times)
    assert 26 == table.total
    for wrong in (0, -1, True, 1.5, 2**64):
        with pytest.raises(ValueError, match="times must be"):
            table.add_times(other, wrong)  # type: ignore[arg-type]


@given(
    st.text(alphabet="ab 1\n<|>'sé", max_size=60).map(str.encode) | st.binary(max_size=40),
    st.integers(1, 60),
)
def test_both_sides_of_a_cut_count_like_the_whole(data: bytes, near: int) -> None:
    specials = [b"<|>", b"|>a"]
    cut = _core.find_cut(data, "gpt2", specials, near)
    assert min(near, len(data)) <= cut <= len(data)
    for tail in (b"", b"a", b"|>", b" ", b"\xa9"):
        whole, parts = _core.CountTable(), _core.CountTable()
        whole.count_documents([data + tail], "gpt2", specials, 1, None)
        if cut < len(data):
            parts.count_documents([data[:cut], data[cut:] + tail], "gpt2", specials, 1, None)
            assert whole.items() == parts.items()
