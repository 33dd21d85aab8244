"""redisvl on hashes without vectors: schemas, loading, filters, counting, paging."""

from checks import check, drop, needs

needs("redisvl")

SCHEMA = """
version: '0.1.0'
index:
  name: clients-vl
  prefix: clients-vl
  storage_type: hash
fields:
  - name: user
    type: tag
  - name: job
    type: text
    attrs: {sortable: true}
  - name: age
    type: numeric
    attrs: {sortable: true}
  - name: office
    type: geo
"""
PEOPLE = [
    {"user": "john", "age": 18, "job": "engineer of bridges", "office": "-122.4194,37.7749"},
    {"user": "mary", "age": 14, "job": "doctor", "office": "-122.4194,37.7749"},
    {"user": "nancy", "age": 94, "job": "doctor emerita", "office": "-122.0839,37.3861"},
    {"user": "tyler", "age": 100, "job": "engineer", "office": "-122.0839,37.3861"},
    {"user": "tim", "age": 12, "job": "dermatologist", "office": "-122.0839,37.3861"},
]


def indexes(place):
    """The index made from its YAML text, filled; once as a RESP2 client and once as one that chooses for itself.

    redisvl cannot read its own results from a client that was told to speak RESP3."""
    import os
    import tempfile

    from redisvl.index import SearchIndex

    for options in ({"protocol": 2}, {}):
        client = place.client(**options)
        drop(client, "clients-vl")
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as file:
            file.write(SCHEMA)
        try:
            index = SearchIndex.from_yaml(file.name, redis_client=client)
        finally:
            os.unlink(file.name)
        index.create(overwrite=True, drop=True)
        index.load(PEOPLE, id_field="user")
        yield index
        index.delete(drop=True)


def users(rows):
    return sorted(row["user"] for row in rows)


@check
def an_index_lives_from_yaml_to_delete(place):
    """create, exists, info, listall, load, fetch, drop_keys, clear, delete, from_existing."""
    from redisvl.index import SearchIndex

    for index in indexes(place):
        assert index.exists() and index.name in index.listall()
        info = index.info()
        assert int(info["num_docs"]) == 5 and info["index_name"] == "clients-vl"
        assert index.fetch("john")["job"] == "engineer of bridges"
        again = SearchIndex.from_existing("clients-vl", redis_client=index.client)
        assert {name: field.type for name, field in again.schema.fields.items()} == {
            "user": "tag", "job": "text", "age": "numeric", "office": "geo"}
        assert again.schema.fields["age"].attrs.sortable
        assert index.drop_keys(index.key("tim")) == 1
        assert int(index.info()["num_docs"]) == 4
        assert index.clear() == 4 and index.exists()


@check
def filters_of_every_kind_select(place):
    """Tag, Num, Text, Geo and their combinations in a FilterQuery."""
    from redisvl.query import FilterQuery
    from redisvl.query.filter import FilterExpression, Geo, GeoRadius, Num, Tag, Text

    for index in indexes(place):

        def select(expression):
            return users(index.query(FilterQuery(return_fields=["user"], filter_expression=expression, num_results=10)))

        assert select(Tag("user") == "john") == ["john"]
        assert select(Tag("user") == ["john", "mary"]) == ["john", "mary"]
        assert select(Tag("user") != "john") == ["mary", "nancy", "tim", "tyler"]
        assert select(Num("age") > 18) == ["nancy", "tyler"]
        assert select(Num("age") == 18) == ["john"] and select(Num("age") != 18) == ["mary", "nancy", "tim", "tyler"]
        assert select((Num("age") >= 14) & (Num("age") <= 94)) == ["john", "mary", "nancy"]
        assert select(Text("job") == "doctor") == ["mary", "nancy"]
        assert select(Text("job") % "eng*") == ["john", "tyler"]
        assert select(Text("job") % "doct*|engineer") == ["john", "mary", "nancy", "tyler"]
        assert select(Text("job") != "doctor") == ["john", "tim", "tyler"]
        assert select(Geo("office") == GeoRadius(-122.4194, 37.7749, 1, "m")) == ["john", "mary"]
        assert select(Geo("office") != GeoRadius(-122.4194, 37.7749, 1, "m")) == ["nancy", "tim", "tyler"]
        assert select((Tag("user") == "john") | ((Num("age") > 90) & (Text("job") % "doctor"))) == ["john", "nancy"]
        assert select(FilterExpression("*")) == ["john", "mary", "nancy", "tim", "tyler"]
        assert select(None) == ["john", "mary", "nancy", "tim", "tyler"]


@check
def queries_count_sort_page_and_are_batched(place):
    """CountQuery, sort_by, paginate, batch_query, TextQuery and the asynchronous index."""
    import asyncio

    from redisvl.index import AsyncSearchIndex
    from redisvl.query import CountQuery, FilterQuery
    from redisvl.query.filter import Num, Tag

    for index in indexes(place):
        assert index.query(CountQuery(filter_expression=Num("age") < 19)) == 3
        oldest = FilterQuery(return_fields=["user", "age"], num_results=2, sort_by=("age", "DESC"))
        assert [row["user"] for row in index.query(oldest)] == ["tyler", "nancy"]
        everyone = FilterQuery(return_fields=["user"], num_results=10, sort_by="age")
        pages = [[row["user"] for row in page] for page in index.paginate(everyone, page_size=2)]
        assert pages == [["tim", "mary"], ["john", "nancy"], ["tyler"]]
        batches = index.batch_query([FilterQuery(filter_expression=Tag("user") == name) for name in ("tim", "mary")])
        assert [row["id"] for batch in batches for row in batch] == ["clients-vl:tim", "clients-vl:mary"]

        async def count():
            other = AsyncSearchIndex.from_dict(index.schema.to_dict(), redis_url=place.url)
            try:
                return await other.query(CountQuery(filter_expression=Tag("user") == "tim"))
            finally:
                await other.disconnect()

        assert asyncio.run(count()) == 1
