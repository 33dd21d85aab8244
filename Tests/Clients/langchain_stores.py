"""langchain-redis. All of its stores need vectors or JSON: until RingSearch has them, it is told so."""

from checks import check, knows, needs, refused

needs("langchain_redis")


@check
def stores_that_need_vectors_or_json_say_so(place):
    """RedisVectorStore and RedisChatMessageHistory fail with the server's own words."""
    client = place.client()
    if knows(client, "json.set"):
        return
    from langchain_core.embeddings import Embeddings
    from langchain_redis import RedisChatMessageHistory, RedisConfig, RedisVectorStore

    class Constant(Embeddings):
        def embed_documents(self, texts):
            return [[1.0, 0.0] for _ in texts]

        def embed_query(self, text):
            return [1.0, 0.0]

    config = RedisConfig(index_name="clients-lc", redis_url=place.url)
    refused("VECTOR is not supported yet", lambda: RedisVectorStore(Constant(), config=config))
    refused("ON JSON is not supported yet", lambda: RedisChatMessageHistory("clients-lc", redis_url=place.url))
