"""redis-om's HashModel: migrations, saving, finding."""

import datetime

from checks import Skip, check, knows, needs

needs("redis_om")


@check
def models_are_saved_found_and_deleted(place):
    """HashModel with Migrator and find() on tags, numbers, texts, sorting, paging, updates and deletion."""
    import redis_om
    import redis_om.checks
    from redis_om import Field, HashModel, Migrator

    connection = redis_om.get_redis_connection(url=place.url, decode_responses=True)
    if not knows(connection, "json.set"):
        # redis-om asks COMMAND INFO json.set, and redis-py fails on the nil that stands for no such command.
        redis_om.checks.check_for_command = lambda _, command: command == "ft.search"

    class Customer(HashModel, index=True):
        first: str = Field(index=True)
        last: str = Field(index=True, sortable=True)
        email: str = Field(index=True)
        age: int = Field(index=True, sortable=True)
        joined: datetime.date
        bio: str = Field(index=True, full_text_search=True, default="")

        class Meta:
            global_key_prefix = "clients-om"
            model_key_prefix = "customer"
            database = connection

    if not hasattr(Customer, "find"):
        raise Skip("a redis-om without find()")
    Migrator().run()
    for key in connection.scan_iter("clients-om:customer:*"):
        connection.delete(key)
    people = [
        Customer(first="Andrew", last="Brookins", email="a.b@example.com", age=38, joined=datetime.date(2020, 1, 2),
                 bio="Likes mountains and slow trains"),
        Customer(first="Kim", last="Brookins", email="k@example.org", age=34, joined=datetime.date(2021, 1, 2),
                 bio="Mountain guide"),
        Customer(first="Zora", last="Smith-Jones", email="z@example.net", age=71, joined=datetime.date(2022, 1, 2)),
    ]
    for person in people:
        person.save()

    def firsts(*conditions, sort=None):
        query = Customer.find(*conditions)
        return [one.first for one in (query.sort_by(sort) if sort else query).all()]

    assert sorted(firsts(Customer.last == "Brookins")) == ["Andrew", "Kim"]
    assert firsts(Customer.last != "Brookins") == ["Zora"]
    assert firsts(Customer.last == "Smith-Jones") == ["Zora"]
    assert firsts(Customer.email == "a.b@example.com") == ["Andrew"]
    assert firsts(Customer.age > 34, sort="-age") == ["Zora", "Andrew"]
    assert firsts((Customer.age < 40) & (Customer.last == "Brookins"), sort="age") == ["Kim", "Andrew"]
    assert sorted(firsts((Customer.first == "Kim") | (Customer.age == 71))) == ["Kim", "Zora"]
    assert firsts(~(Customer.last == "Brookins")) == ["Zora"]
    assert sorted(firsts(Customer.bio % "mountain")) == ["Andrew", "Kim"]
    assert sorted(firsts(Customer.first << ["Kim", "Zora"])) == ["Kim", "Zora"]
    assert sorted(firsts(Customer.last.startswith("Brook"))) == ["Andrew", "Kim"]
    assert Customer.find(Customer.last == "Brookins").count() == 2
    assert Customer.find(Customer.age == 71).first().pk == people[2].pk
    assert [one.age for one in Customer.find().sort_by("age").page(offset=1, limit=1)] == [38]
    people[1].update(age=35)
    assert firsts(Customer.age == 35) == ["Kim"] and Customer.get(people[1].pk).age == 35
    Customer.delete(people[0].pk)
    assert firsts(Customer.last == "Brookins") == ["Kim"]
    Customer.find(Customer.age > 0).delete()
    assert firsts() == []
    connection.execute_command("FT.DROPINDEX", Customer.Meta.index_name)
