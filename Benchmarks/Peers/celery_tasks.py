"""Celery's side of start -> result: a task that returns at once, with Redis as broker and for results.

The settings leave out all that this work does not need: events, gossip, remote control, rate limits. SOCKET is Redis'.
"""

import os

from celery import Celery

SOCKET = os.environ["REDIS_SOCKET"]

app = Celery("celery_tasks", broker=f"redis+socket://{SOCKET}?virtual_host=0", backend=f"redis+socket://{SOCKET}?virtual_host=1")
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_pool_limit=16,
    result_expires=3600,
    task_serializer="json",
    worker_disable_rate_limits=True,
    worker_enable_remote_control=False,
    worker_prefetch_multiplier=32,
    worker_send_task_events=False,
)


@app.task
def report(input):
    return 42
