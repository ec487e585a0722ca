"""The service that a Python team writes for the same work: FastAPI on uvicorn with uvloop and httptools.

`uvicorn fastapi_service:app`; REPOSITORY is "memory", or "redis" with REDIS_SOCKET. What is sent is checked by pydantic.
Answers are written by orjson and returned as they are: having FastAPI check each answer against a model takes a tenth more.
"""

import os
import time
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import orjson
import redis.asyncio
from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field


class Start(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: str = Field(min_length=1, max_length=128)
    input: Any = None
    metadata: dict[str, str] = {}


def new_process(start: Start) -> dict[str, Any]:
    now = time.time_ns() // 1_000_000
    return {
        "process_id": str(uuid4()), "kind": start.kind, "status": "running", "input": start.input, "result": None,
        "error": None, "metadata": start.metadata, "progress": None, "created_at": now, "updated_at": now,
        "finished_at": None, "revision": 1,
    }


class MemoryRepository:
    def __init__(self) -> None:
        self.processes: dict[str, dict[str, Any]] = {}

    async def insert(self, process: dict[str, Any]) -> None:
        self.processes[process["process_id"]] = process

    async def find(self, process_id: str) -> dict[str, Any] | None:
        return self.processes.get(process_id)

    async def close(self) -> None:
        pass


class RedisRepository:
    """A hash for the process, a set of all ids, and a sorted set by time for lists and cleanups, in one transaction."""

    def __init__(self, socket: str) -> None:
        self.redis = redis.asyncio.Redis(unix_socket_path=socket, protocol=2)

    async def insert(self, process: dict[str, Any]) -> None:
        process_id = process["process_id"]
        fields = {name: orjson.dumps(value) for name, value in process.items()}
        async with self.redis.pipeline(transaction=True) as pipeline:
            pipeline.hset(f"process:{process_id}", mapping=fields)
            pipeline.sadd("processes", process_id)
            pipeline.zadd("processes_by_time", {process_id: process["created_at"]})
            await pipeline.execute()

    async def find(self, process_id: str) -> dict[str, Any] | None:
        fields = await self.redis.hgetall(f"process:{process_id}")
        if not fields:
            return None
        return {name.decode(): orjson.loads(value) for name, value in fields.items()}

    async def close(self) -> None:
        await self.redis.aclose()


def open_repository() -> MemoryRepository | RedisRepository:
    match os.environ["REPOSITORY"]:
        case "memory":
            return MemoryRepository()
        case "redis":
            return RedisRepository(os.environ["REDIS_SOCKET"])
        case other:
            raise SystemExit(f"REPOSITORY={other}: memory or redis")


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.repository = open_repository()
    yield
    await app.state.repository.close()


app = FastAPI(lifespan=lifespan)


def answer(process: dict[str, Any], status: int = 200) -> Response:
    headers = {"etag": f'"{process["revision"]}"', "cache-control": "no-store"}
    return Response(orjson.dumps(process), status, headers, "application/json")


@app.post("/start")
async def start(body: Start) -> Response:
    process = new_process(body)
    await app.state.repository.insert(process)
    return answer(process, 202)


@app.get("/status/{process_id}")
async def status(process_id: str) -> Response:
    process = await app.state.repository.find(process_id)
    if process is None:
        raise HTTPException(404, "No such process")
    return answer(process)
