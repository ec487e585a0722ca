"""Sends tasks to Celery and awaits their results: `celery_client.py CLIENTS AT_ONCE SECONDS`.

Each of CLIENTS threads sends AT_ONCE tasks and collects their results, then the next. Tells the tasks completed per second.
"""

import json
import sys
import threading
import time

from celery_tasks import report

PAYLOAD = {"customer": 42, "note": "sixty-four bytes of payload, no more..."}


def send_and_await(at_once, end, done):
    while time.monotonic() < end:
        results = [report.delay(PAYLOAD) for _ in range(at_once)]
        for result in results:
            if result.get(timeout=30) != 42:
                raise SystemExit("A task gave a wrong result")
            done.append(time.monotonic())


def main():
    clients, at_once, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    # The first one waits for the worker, and opens connections; it is not counted.
    report.delay(PAYLOAD).get(timeout=120)
    begin = time.monotonic()
    done = []
    threads = [
        threading.Thread(target=send_and_await, args=(at_once, begin + seconds, done)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"tasks": len(done), "per_second": len(done) / (time.monotonic() - begin)}))


if __name__ == "__main__":
    main()
