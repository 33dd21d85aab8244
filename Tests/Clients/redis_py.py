"""redis-py's search commands, in RESP2, in RESP3, and as a client that chooses for itself."""

import asyncio

from checks import check, drop, knows, needs, refused, settle

needs("redis")

BOOKS = {
    "clients-book:1": {"title": "The Art of War", "author": "Sun Tzu", "genre": "war,philosophy", "year": -500},
    "clients-book:2": {"title": "War and Peace", "author": "Leo Tolstoy", "genre": "novel", "year": 1869},
    "clients-book:3": {"title": "The Old Man and the Sea", "author": "Ernest Hemingway", "genre": "novel", "year": 1952},
    "clients-book:4": {"title": "Mastering the Sea", "author": "Ann Olney", "genre": "guide", "year": 1990},
}


def schema():
    from redis.commands.search.field import NumericField, TagField, TextField

    return [TextField("title", weight=2), TextField("author", sortable=True), TagField("genre"),
            NumericField("year", sortable=True)]


def definition(prefix="clients-book:"):
    try:
        from redis.commands.search.index_definition import IndexDefinition
    except ImportError:  # before redis-py 6
        from redis.commands.search.indexDefinition import IndexDefinition
    return IndexDefinition(prefix=[prefix])


def libraries(place):
    """One client a protocol; each with the index of books, filled."""
    for options in ({"protocol": 2}, {"protocol": 3}, {}):
        client = place.client(**options)
        drop(client, "clients-books")
        client.ft("clients-books").create_index(schema(), definition=definition())
        settle(client, "clients-books")
        for key, book in BOOKS.items():
            client.hset(key, mapping=book)
        yield client, client.ft("clients-books")
        drop(client, "clients-books")
        client.close()


def found(result):
    """Total and (key, fields) of a result in whatever shape the version of the library and the protocol give it."""
    if isinstance(result, dict):
        return result["total_results"], [(row["id"], row.get("extra_attributes", {})) for row in result["results"]]
    return result.total, [(row.id, {k: v for k, v in vars(row).items() if k not in ("id", "payload")}) for row in result.docs]


def keys(result):
    return [key[-1] for key, _ in found(result)[1]]


def groups(result):
    """Rows of an aggregation as dictionaries."""
    if isinstance(result, dict):
        return [row["extra_attributes"] for row in result["results"]]
    return [row if isinstance(row, dict) else dict(zip(row[::2], row[1::2])) for row in result.rows]


@check
def searches_find_sort_page_and_return_fields(place):
    """Query objects of all kinds give what RediSearch gives."""
    from redis.commands.search.query import NumericFilter, Query

    for _, books in libraries(place):
        assert keys(books.search("war")) == ["1", "2"]
        assert found(books.search("war"))[0] == 2
        assert keys(books.search(Query("@genre:{novel}").sort_by("year", asc=False))) == ["3", "2"]
        assert keys(books.search(Query("*").sort_by("year").paging(1, 2))) == ["2", "3"]
        assert found(books.search(Query("sea").no_content()))[0] == 2
        total, rows = found(books.search(Query("tolstoy").return_fields("title", "year")))
        assert total == 1 and rows[0][1] == {"title": "War and Peace", "year": "1869"}, rows
        assert found(books.search(Query("tolstoy").return_field("title", as_field="name")))[1][0][1] == {
            "name": "War and Peace"}
        assert keys(books.search(Query("sea").add_filter(NumericFilter("year", 1900, NumericFilter.INF)))) == ["3", "4"]
        assert keys(books.search(Query("hemingway").limit_fields("title"))) == []
        assert keys(books.search(Query('"old man"').verbatim())) == ["3"]
        assert keys(books.search(Query("%tolstoi%"))) == ["2"]
        assert keys(books.search(Query("@title:($word)"), query_params={"word": "peace"})) == ["2"]
        assert keys(books.search(Query("war").limit_ids("clients-book:2"))) == ["2"]
        assert keys(books.search(Query("@year:[1900 inf] -mastering"))) == ["3"]


@check
def scores_highlights_and_summaries_come_along(place):
    """WITHSCORES, HIGHLIGHT, SUMMARIZE, EXPLAIN and EXPLAINCLI."""
    from redis.commands.search.query import Query

    for client, books in libraries(place):
        result = books.search(Query("war").with_scores())
        first = result["results"][0] if isinstance(result, dict) else result.docs[0]
        score = first["score"] if isinstance(first, dict) else first.score
        assert float(score) == 1.0, score
        marked = found(books.search(Query("peace").highlight(fields=["title"], tags=["<b>", "</b>"])))[1][0][1]
        assert marked["title"] == "War and <b>Peace</b>"
        short = found(books.search(Query("peace").summarize(fields=["title"], context_len=1, num_frags=1)))[1][0][1]
        assert "Peace" in short["title"]
        assert "UNION {" in client.execute_command("FT.EXPLAINCLI", "clients-books", "wars")
        assert "UNION" in books.explain(Query("wars"))


@check
def aggregations_group_reduce_sort_and_filter(place):
    """AggregateRequest with reducers, APPLY, FILTER, SORTBY, LOAD and a cursor."""
    from redis.commands.search import reducers
    from redis.commands.search.aggregation import AggregateRequest, Asc, Desc

    for _, books in libraries(place):
        rows = groups(books.aggregate(
            AggregateRequest("*").group_by("@genre", reducers.count().alias("n"), reducers.max("@year").alias("last"))
            .sort_by(Desc("@n"), Asc("@genre"))))
        assert rows[0] == {"genre": "novel", "n": "2", "last": "1952"}, rows
        assert sorted(row["genre"] for row in rows) == ["guide", "novel", "war,philosophy"]
        rows = groups(books.aggregate(
            AggregateRequest("@year:[1800 inf]").load("title").apply(century="floor(@year/100)")
            .filter("@century == 19").sort_by(Asc("@year"))))
        assert [row["title"] for row in rows] == ["The Old Man and the Sea", "Mastering the Sea"], rows
        result = books.aggregate(AggregateRequest("*").load("title").cursor(count=3))
        if not isinstance(result, (dict, list)) and getattr(result, "cursor", None):
            assert len(groups(result)) == 3
            rest = books.aggregate(result.cursor)
            assert len(groups(rest)) == 1 and rest.cursor.cid == 0


@check
def an_index_is_described_changed_and_dropped(place):
    """create, info, alter, aliases, dropindex and the errors of an index that is not there."""
    import redis
    from redis.commands.search.field import TagField

    for client, books in libraries(place):
        info = settle(client, "clients-books")
        assert info["index_name"] == "clients-books" and int(info["num_docs"]) == 4
        assert int(info["hash_indexing_failures"]) == 0
        assert len(info["attributes"]) == 4
        books.alter_schema_add([TagField("shelf")])
        client.hset("clients-book:4", "shelf", "top")
        assert keys(books.search("@shelf:{top}")) == ["4"]
        books.aliasadd("clients-alias")
        assert keys(client.ft("clients-alias").search("tolstoy")) == ["2"]
        books.aliasupdate("clients-alias")
        books.aliasdel("clients-alias")
        refused("no such index", lambda: client.ft("clients-alias").search("tolstoy"))
        assert "clients-books" in client.execute_command("FT._LIST")
        assert sorted(books.tagvals("genre")) == ["guide", "novel", "philosophy", "war"]
        books.dropindex(delete_documents=True)
        assert not client.exists("clients-book:1")
        refused("unknown index name", lambda: books.info())
        refused("unknown index name", lambda: books.dropindex())
        assert issubclass(redis.ResponseError, Exception)


@check
def dictionaries_synonyms_and_spelling_work(place):
    """dict_add, dict_dump, dict_del, synupdate, syndump and spellcheck."""
    for client, books in libraries(place):
        assert books.dict_add("clients-words", "tolstoi", "hemmingway") in (2, 0)
        assert sorted(books.dict_dump("clients-words")) == ["hemmingway", "tolstoi"]
        assert "'tolstoy'" in str(books.spellcheck("tolsty"))  # its shape depends on the protocol
        assert books.dict_del("clients-words", "tolstoi", "hemmingway") == 2
        books.synupdate("group", False, "ocean", "sea")
        settle(client, "clients-books")
        assert sorted(keys(books.search("ocean"))) == ["3", "4"]
        assert books.syndump() == {"ocean": ["group"], "sea": ["group"]}


@check
def pipelines_transactions_and_scripts_are_indexed(place):
    """What a transaction or a script wrote is found when its reply is there."""
    from redis.commands.search.query import Query

    for client, books in libraries(place):
        pipeline = client.pipeline()
        pipeline.hset("clients-book:5", mapping={"title": "Sea of Poppies", "genre": "novel", "year": 2008})
        pipeline.hincrby("clients-book:5", "year", 1)
        pipeline.execute()
        assert keys(books.search(Query("@year:[2009 2009]"))) == ["5"]
        client.eval("return redis.call('HSET', KEYS[1], 'title', 'Moby Dick')", 1, "clients-book:5")
        assert keys(books.search("poppies")) == [] and keys(books.search("moby")) == ["5"]
        client.rename("clients-book:5", "clients-other:5")
        assert keys(books.search("moby")) == []
        client.rename("clients-other:5", "clients-book:5")
        assert keys(books.search("moby")) == ["5"]
        client.unlink("clients-book:5")
        assert keys(books.search("moby")) == []
        piped = client.pipeline(transaction=False)
        for _ in range(300):
            piped.execute_command("FT.SEARCH", "clients-books", "war", "NOCONTENT")
        assert len(piped.execute()) == 300


@check
def a_place_on_the_map_is_found(place):
    """GeoField and GeoFilter."""
    from redis.commands.search.field import GeoField, TextField
    from redis.commands.search.query import GeoFilter, Query

    for options in ({"protocol": 2}, {"protocol": 3}):
        client = place.client(**options)
        drop(client, "clients-places")
        places = client.ft("clients-places")
        places.create_index([TextField("name"), GeoField("at")], definition=definition("clients-place:"))
        client.hset("clients-place:1", mapping={"name": "cafe", "at": "-0.441,51.458"})
        client.hset("clients-place:2", mapping={"name": "cafe", "at": "-0.1,51.2"})
        near = Query("cafe").add_filter(GeoFilter("at", -0.44, 51.45, 10)).no_content()
        assert keys(places.search(near)) == ["1"]
        assert sorted(keys(places.search(Query("cafe").add_filter(GeoFilter("at", -0.44, 51.45, 100))))) == ["1", "2"]
        drop(client, "clients-places")


@check
def asynchronous_clients_search_as_well(place):
    """redis.asyncio with many searches at once."""
    import redis.asyncio

    for _, _ in libraries(place):

        async def ask():
            client = redis.asyncio.Redis(host=place.host, port=place.port, decode_responses=True)
            results = await asyncio.gather(*(client.ft("clients-books").search("war") for _ in range(50)))
            await client.aclose()
            return results

        assert all(keys(result) == ["1", "2"] for result in asyncio.run(ask()))


@check
def what_is_not_there_is_refused_in_so_many_words(place):
    """Vectors, shapes and JSON: an error that says so, and a connection that stays usable."""
    client = place.client(protocol=2)
    if knows(client, "json.set"):
        return
    for words, text in [
        (["VECTOR", "FLAT", 6, "TYPE", "FLOAT32", "DIM", 2, "DISTANCE_METRIC", "L2"], "not supported yet"),
        (["GEOSHAPE", "FLAT"], "not supported yet"),
    ]:
        refused(text, lambda: client.execute_command("FT.CREATE", "clients-no", "SCHEMA", "v", *words))
    refused("not supported yet", lambda: client.execute_command("FT.CREATE", "clients-no", "ON", "JSON", "SCHEMA", "$.a", "TEXT"))
    refused("unknown command", lambda: client.json().set("clients-j", "$", {}))
    assert client.ping()
