"""Single requests to the service, and filling it."""

import concurrent.futures
import http.client
import json
import queue

# 64 bytes, the same as in load/start.lua and load/cycle.c.
PAYLOAD = '{"customer":42,"note":"sixty-four bytes of payload, no more..."}'


class Client:
    """One connection, kept open."""

    def __init__(self, port, timeout=900):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def request(self, method, path, body=None):
        """The answer as JSON; anything but success ends the run."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path} was answered {response.status}: {text[:500]!r}")
        return json.loads(text)

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def start(port, body=None):
    """Starts a process, and returns its id."""
    with Client(port) as client:
        return client.request("POST", "/start", body or {"kind": "report", "input": json.loads(PAYLOAD)})["process_id"]


def in_batches(port, items, size=1000, connections=4):
    """Sends these items, each as JSON text, through POST /batch, and returns the ids of their processes."""
    batches = [items[begin:begin + size] for begin in range(0, len(items), size)]
    idle = queue.SimpleQueue()
    for _ in range(connections):
        idle.put(Client(port))

    def send(batch):
        connection = idle.get()
        answer = connection.request("POST", "/batch?fields=process_id", '{"items":[' + ",".join(batch) + "]}")
        idle.put(connection)
        for result in answer["results"]:
            if result["status"] >= 300:
                raise RuntimeError(f"An item was answered {result}")
        return [result["process"]["process_id"] for result in answer["results"]]

    # A task for each batch, so that a signal ends the filling after those under way.
    with concurrent.futures.ThreadPoolExecutor(connections) as executor:
        ids = [process_id for part in executor.map(send, batches) for process_id in part]
    for _ in range(connections):
        idle.get().close()
    return ids


def fill(port, count):
    """Starts that many processes with a payload of 64 bytes, and returns their ids."""
    return in_batches(port, ['{"start":{"kind":"report","input":' + PAYLOAD + "}}"] * count)


def complete(port, ids):
    in_batches(port, ['{"complete":{"id":"' + process_id + '","attempt":1}}' for process_id in ids])
