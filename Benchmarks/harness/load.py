"""Putting load on servers: wrk for the highest rate, the programs of Benchmarks/load for the rest."""

import contextlib
import json
import re
import resource
import subprocess

from harness import programs
from harness.servers import celery_environment

CONNECTIONS = 64


def run(command, **options):
    """Runs a load program to its end, and returns what it says and the seconds of processor time that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def seconds_of(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m|h)", text).groups()
    return float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}[unit]


def wrk(contestant, path, seconds, script=None, headers=(), arguments=()):
    """The requests per second that one thread of wrk gets answered over 64 connections, and what both sides used for it."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    for header in headers:
        command += ["-H", header]
    if script:
        command += ["-s", programs.LOAD / script]
    before = sum(server.cpu_seconds() for server in contestant.servers)
    output, client = run([*command, f"http://127.0.0.1:{contestant.port}{path}", "--", *arguments])
    used = sum(server.cpu_seconds() for server in contestant.servers) - before
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    if failed or (broken and any(int(number) for number in broken.groups()[:3])):
        raise RuntimeError(f"{contestant.url}{path} did not answer every request:\n{output}")
    count, took = re.search(r"(\d+) requests in (\S+),", output).groups()
    return {
        "per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1)),
        "cpu_us": used / max(int(count), 1) * 1e6,
        "client_load": client / seconds_of(took)}


def requests_file(folder, requests):
    """Writes requests as load/rate reads them, and returns the path."""
    path = folder / "requests"
    with open(path, "w") as file:
        for method, target, body in requests:
            head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            if body is not None:
                head += f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n"
            file.write(f"{head}\r\n{body or ''}\0")
    return path


def rate_command(port, per_second, seconds, requests):
    return [str(part) for part in [programs.program("rate"), port, CONNECTIONS, per_second, seconds, requests]]


def rate(port, per_second, seconds, requests):
    """How long answers take at a steady rate, in microseconds by percentile, counted from when a request was due."""
    output, _ = run(rate_command(port, per_second, seconds, requests))
    result = json.loads(output)
    if result["failed"]:
        raise RuntimeError(f"{result['failed']} of {result['answered']} requests failed")
    return result


@contextlib.contextmanager
def rate_meanwhile(port, per_second, requests):
    """The same for as long as the block takes; the figures are put into the dictionary that it is given."""
    result = {}
    process = subprocess.Popen(rate_command(port, per_second, 3600, requests), stdout=subprocess.PIPE)
    try:
        yield result
        process.terminate()
        output, _ = process.communicate(timeout=120)
        result.update(json.loads(output))
    finally:
        process.kill()
        process.wait()


def cycle(contestant, connections, seconds, ahead=0):
    """How many processes a second go from start over claim to completion; with so many started ahead, from claim on.

    The starts ahead count neither for the time nor for the processor time.
    """
    command = [programs.program("cycle"), contestant.port, connections, seconds, 0, 0, ahead]
    with subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as client:
        begun = client.stdout.readline()
        before = sum(server.cpu_seconds() for server in contestant.servers)
        output, errors = client.communicate()
        used = sum(server.cpu_seconds() for server in contestant.servers) - before
    if client.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{begun}{output}{errors}")
    result = json.loads(output)
    return {
        "per_second": result["per_second"], "cpu_us": used / max(result["cycles"], 1) * 1e6,
        "client_load": result["cpu_seconds"] / seconds}


def celery(contestant, clients, at_once, seconds):
    """How many tasks a second Celery takes from being sent to a result that was read."""
    before = sum(server.cpu_seconds() for server in contestant.servers)
    output, client = run(
        [programs.python(), "celery_client.py", clients, at_once, seconds],
        cwd=programs.PEERS, env=celery_environment(contestant.servers[1]))
    used = sum(server.cpu_seconds() for server in contestant.servers) - before
    result = json.loads(output)
    return {
        "per_second": result["per_second"], "cpu_us": used / max(result["tasks"], 1) * 1e6,
        "client_load": client / seconds}
