"""Tamper with a Visa settlement file as a forger would: the trailers are made to fit again."""

RECORD = 169  # with its line feed


def tampered(content: bytes) -> tuple[bytes, dict[str, int]]:
    """A file with one amount changed, one currency changed, one line twice and one nobody knows.

    The result comes with the breaks that reconciliation must find, by kind. Needs four
    presentments.
    """
    lines = [content[at : at + RECORD] for at in range(0, len(content), RECORD)]
    header, trailers = lines[0], lines[-2:]
    pairs = [lines[at : at + 2] for at in range(1, len(lines) - 2, 2)]
    pairs[0][0] = _with(pairs[0][0], 77, b"000000009999")
    pairs[1][0] = _with(pairs[1][0], 89, b"840")
    pairs.append(list(pairs[2]))
    stranger = list(pairs[3])
    stranger[0] = _with(stranger[0], 27, b"74005526328999999999999")
    pairs.append(stranger)
    total = sum(int(pair[0][76:88]) for pair in pairs)
    tcrs = 2 * len(pairs)
    for index, trailer in enumerate(trailers):
        changed = _with(trailer, 28, b"%012d" % len(pairs))
        changed = _with(changed, 46, b"%012d" % (tcrs + 1 + index))
        trailers[index] = _with(changed, 67, b"%015d" % total)
    records = [header, *(line for pair in pairs for line in pair), *trailers]
    expected = {"amount": 1, "currency": 1, "duplicate": 1, "missing_with_us": 1}
    return b"".join(records), expected


def _with(record: bytes, position: int, text: bytes) -> bytes:
    """The record with ``text`` at a position that counts from one."""
    return record[: position - 1] + text + record[position - 1 + len(text) :]
