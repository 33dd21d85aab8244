"""Single fields that expire (HPEXPIRE of Redis 7.4): they leave the index, and never stand in an answer afterwards."""

import time

from checks import Skip, check, drop, knows, needs

needs("redis")


def start(place, index):
    client = place.client(protocol=2)
    if not knows(client, "hpexpire"):
        raise Skip("the store knows no HPEXPIRE: --store names a redis-server 7.4")
    prefix = index + ":"
    drop(client, index)
    client.execute_command(
        "FT.CREATE", index, "PREFIX", 1, prefix, "SCHEMA", "t", "TEXT", "g", "TAG", "n", "NUMERIC", "SORTABLE")
    for i in range(20):
        client.hset(f"{prefix}{i}", mapping={"t": "hello world", "g": "red", "n": i})
    return client, prefix


def ids(reply):
    return [int(key.rpartition(":")[2]) for key in reply[1:]]


def gone_within(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it is still there"
        time.sleep(0.005)


@check
def an_expired_field_leaves_the_index_within_a_second(place):
    """The document stays, found by its other fields."""
    client, prefix = start(place, "clients-expiry")

    def found(query):
        return ids(client.execute_command("FT.SEARCH", "clients-expiry", query, "NOCONTENT", "LIMIT", 0, 100))

    assert client.execute_command("HPEXPIRE", prefix + "3", 100, "FIELDS", 1, "t") == [1]
    assert client.execute_command("HPEXPIRE", prefix + "4", 100, "FIELDS", 1, "n") == [1]
    assert 3 in found("hello") and found("@n:[4 4]") == [4]
    time.sleep(0.1)
    gone_within(1, lambda: 3 not in found("hello") and found("@n:[4 4]") == [])
    assert 3 in found("@g:{red}") and 4 in found("hello")
    assert client.hgetall(prefix + "3") == {"g": "red", "n": "3"}
    drop(client, "clients-expiry")


@check
def an_end_can_be_taken_back(place):
    """HPERSIST, a new value and a time that is over at once are seen by the index."""
    client, prefix = start(place, "clients-expiry")

    def count(query):
        return client.execute_command("FT.SEARCH", "clients-expiry", query, "LIMIT", 0, 0)[0]

    client.execute_command("HPEXPIRE", prefix + "5", 100, "FIELDS", 1, "t")
    assert client.execute_command("HPERSIST", prefix + "5", "FIELDS", 1, "t") == [1]
    assert client.execute_command("HTTL", prefix + "5", "FIELDS", 1, "t") == [-1]
    client.execute_command("HPEXPIRE", prefix + "6", 100, "FIELDS", 1, "t")
    client.hset(prefix + "6", "t", "hello again")
    assert client.execute_command("HEXPIRE", prefix + "7", 0, "FIELDS", 1, "t") == [2]
    assert count("hello") == 19
    time.sleep(0.4)
    assert count("hello") == 19 and count("again") == 1
    drop(client, "clients-expiry")


@check
def a_document_that_expires_leaves_no_gap(place):
    """While keys and all fields of keys expire no row is empty: the next hit takes the place, and the page is full."""
    client, prefix = start(place, "clients-expiry")
    for i in range(0, 10):
        client.pexpire(f"{prefix}{i}", 50 + 20 * i)
        client.execute_command("HPEXPIRE", f"{prefix}{i + 10}", 60 + 20 * i, "FIELDS", 3, "t", "g", "n")
    for i in range(20, 30):
        client.hset(f"{prefix}{i}", mapping={"t": "hello world", "g": "red", "n": i})
    end = time.monotonic() + 10
    total = 0
    while total != 10:
        assert time.monotonic() < end, f"{total} are still there"
        for query, order in (("hello", []), ("@g:{red}", ["SORTBY", "n"])):
            reply = client.execute_command("FT.SEARCH", "clients-expiry", query, *order, "LIMIT", 0, 5)
            total, rows = reply[0], reply[2::2]
            assert len(rows) == 5 and all(rows), f"{reply}"
    # EXISTS may still see a hash all of whose fields are over.
    left = [i for i in range(30) if client.hgetall(f"{prefix}{i}")]
    assert left == list(range(20, 30)), left
    drop(client, "clients-expiry")
