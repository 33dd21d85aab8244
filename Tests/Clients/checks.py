"""What the client checks share: a list of checks, and what they say of themselves."""

import importlib.util
import time
import traceback

CHECKS = []
_needs = None


class Skip(Exception):
    """This check cannot be made here; the text says why."""


def needs(*modules):
    """The Python modules of the checks that a file registers after this; their absence skips those checks."""
    global _needs
    _needs = modules


def check(function):
    """Registers a check: a function of a `Place` whose docstring says what it holds true."""
    CHECKS.append((function, _needs))
    return function


class Place:
    """The server under check. Every check has names of its own: they may run on a server that is in use."""

    def __init__(self, host, port):
        self.host, self.port = host, port

    @property
    def url(self):
        return f"redis://{self.host}:{self.port}"

    def client(self, **options):
        import redis

        return redis.Redis(host=self.host, port=self.port, decode_responses=True, **options)


def drop(client, index):
    """Drops an index with its documents, if it is there."""
    import redis

    try:
        client.execute_command("FT.DROPINDEX", index, "DD")
    except redis.ResponseError as error:
        assert "unknown index name" in str(error).lower(), error


def knows(client, command):
    """Whether the server has a command."""
    return command in client.command_list()


def settle(client, index):
    """Waits until the documents that were there before an index or its last change are in it."""
    end = time.monotonic() + 10
    while True:
        info = client.ft(index).info()
        if float(info["indexing"]) == 0 and float(info["percent_indexed"]) == 1:
            return info
        assert time.monotonic() < end, "still indexing"
        time.sleep(0.01)


def refused(text, call):
    """The call is refused with an error that contains the text (any case)."""
    try:
        call()
    except Exception as error:  # each library wraps it in a class of its own
        assert text.lower() in str(error).lower(), f"another error: {error}"
        return
    raise AssertionError(f"no error with {text!r}")


def run(place, names):
    """Runs all checks whose name contains one of `names`, all without any; prints a line for each."""
    passed = failed = skipped = 0
    for function, modules in CHECKS:
        name = f"{function.__module__}.{function.__name__}"
        if names and not any(part in name for part in names):
            continue
        try:
            missing = [module for module in modules or () if not importlib.util.find_spec(module)]
            if missing:
                raise Skip(f"no Python module {', '.join(missing)}")
            function(place)
        except Skip as reason:
            skipped += 1
            print(f"skipped {name}: {reason}")
        except Exception:
            failed += 1
            print(f"FAILED  {name}: {' '.join(function.__doc__.split())}")
            traceback.print_exc(limit=-3)
        else:
            passed += 1
            print(f"passed  {name}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return failed
