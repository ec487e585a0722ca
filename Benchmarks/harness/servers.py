"""Servers, from when they answer until they are stopped, which they are by process id, whatever happens."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from harness import programs

CORES = os.cpu_count()
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def end_with_parent():
    """Has Linux stop the program about to start should this one be killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Server:
    """A program that listens. It leads a session of its own: Ctrl-C doesn't reach it, and its children are found by it."""

    def __init__(self, name, command, is_ready, env=None, folder=None, patience=60):
        self.name = name
        self.command = [str(part) for part in command]
        self.process = subprocess.Popen(
            self.command, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, start_new_session=True, preexec_fn=end_with_parent)
        try:
            self.seconds_to_ready = self.wait_until(is_ready, patience)
        except BaseException:
            self.stop()
            raise

    def wait_until(self, is_ready, patience):
        began = time.monotonic()
        while not is_ready():
            if self.process.poll() is not None:
                sys.exit(f"{self.name} ended before it was ready: {self.process.stderr.read().decode(errors='replace')}")
            if time.monotonic() - began > patience:
                sys.exit(f"{self.name} was not ready within {patience} s")
            time.sleep(0.005)
        return time.monotonic() - began

    def pids(self):
        """The ids of the program and its children."""
        found = []
        for entry in os.scandir("/proc"):
            if entry.name.isdigit():
                try:
                    if os.getsid(int(entry.name)) == self.process.pid:
                        found.append(int(entry.name))
                except ProcessLookupError:
                    pass
        return found

    def cpu_seconds(self):
        total = 0
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12])
            except (FileNotFoundError, ProcessLookupError):
                pass
        return total / TICKS

    def resident(self):
        """Resident memory in bytes."""
        with open(f"/proc/{self.process.pid}/status") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        return 0

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                pass
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process.stderr.close()


class Contestant:
    """A server under load, with the stores that do some of its work."""

    def __init__(self, server, port, stores):
        self.server = server
        self.port = port
        self.servers = [server, *stores]
        self.url = f"http://127.0.0.1:{port}"


class Servers:
    """All servers of one run. As a context it stops them in reverse order."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        while self.running:
            self.running.pop().stop()

    def start(self, *arguments, **options):
        server = Server(*arguments, **options)
        self.running.append(server)
        return server

    def stop(self, *servers):
        for server in servers:
            if server in self.running:
                self.running.remove(server)
                server.stop()

    # Each contestant

    def tracker(self, repository, redis=None, **settings):
        """An instance on a store of its own, or on the Redis server given."""
        port = free_port()
        env = {
            "PATH": os.environ["PATH"], "TRACKER_LISTEN": f"127.0.0.1:{port}", "TRACKER_LOG_LEVEL": "error",
            "TRACKER_REPOSITORY": repository, "TRACKER_FALLBACK": "none",
            "TRACKER_SQLITE_PATH": str(self.folder / f"{port}.db"), **settings}
        if redis:
            env["REDIS_URL"] = f"unix://{redis.path}?db=0"
        server = self.start(
            f"process-tracker on {repository}", [self.binary, "serve"], answers(f"http://127.0.0.1:{port}/health/ready"), env=env)
        return Contestant(server, port, [redis] if redis else [])

    def trackers(self):
        """One instance on each store, by the store's name."""
        return {
            "memory": self.tracker("memory"), "SQLite": self.tracker("sqlite"),
            "Redis": self.tracker("redis", redis=self.redis("tracker"))}

    def redis(self, name):
        path = self.folder / f"{name}.sock"
        server = self.start(
            "redis-server",
            ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", self.folder],
            connects(path))
        server.path = path
        return server

    def evhttp(self, size):
        port = free_port()
        server = self.start(
            "evhttp", [programs.program("evhttp_constant"), port, CORES, size], answers(f"http://127.0.0.1:{port}/"))
        return Contestant(server, port, [])

    def nginx(self, body):
        port = free_port()
        text = (programs.PEERS / "nginx.conf").read_text()
        for name, value in {"PORT": str(port), "FOLDER": str(self.folder), "BODY": body}.items():
            text = text.replace(name, value)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(text)
        env = {"PATH": os.environ["PATH"] + ":/usr/sbin"}
        server = self.start(
            "nginx", ["nginx", "-p", self.folder, "-c", configuration], answers(f"http://127.0.0.1:{port}/"), env=env)
        return Contestant(server, port, [])

    def webdis(self, redis):
        port = free_port()
        configuration = self.folder / "webdis.json"
        # Threads as many as there are cores, as the tracker has event loops.
        configuration.write_text(json.dumps({
            "redis_socket": str(redis.path), "redis_host": str(redis.path), "redis_port": 0, "http_host": "127.0.0.1",
            "http_port": port, "threads": CORES, "pool_size": 10, "daemonize": False, "websockets": False,
            "database": 0, "acl": [{"disabled": []}], "verbosity": 0, "logfile": str(self.folder / "webdis.log")}))
        server = self.start("webdis", ["webdis", configuration], answers(f"http://127.0.0.1:{port}/PING"))
        return Contestant(server, port, [redis])

    def fastapi(self, repository, redis=None):
        port = free_port()
        # What is in memory belongs to one worker; on Redis there is one for each core.
        workers = CORES if redis else 1
        env = {"PATH": os.environ["PATH"], "REPOSITORY": repository, "PYTHONDONTWRITEBYTECODE": "1"}
        if redis:
            env["REDIS_SOCKET"] = str(redis.path)
        server = self.start(
            f"FastAPI on {repository}",
            [programs.python("uvicorn"), "fastapi_service:app", "--host", "127.0.0.1", "--port", port, "--workers", workers,
             "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"],
            answers(f"http://127.0.0.1:{port}/status/none"), env=env, folder=programs.PEERS)
        return Contestant(server, port, [redis] if redis else [])

    def celery(self, redis, pool):
        # Nothing tells when a worker is ready, remote control being off: the client's first task, uncounted, waits for it.
        server = self.start(
            "Celery",
            [programs.python("celery"), "-A", "celery_tasks", "worker", *pool, "--without-gossip", "--without-mingle",
             "--without-heartbeat", "--loglevel", "error"],
            lambda: True, env=celery_environment(redis), folder=programs.PEERS)
        return Contestant(server, 0, [redis])


def celery_environment(redis):
    return {"PATH": os.environ["PATH"], "REDIS_SOCKET": str(redis.path), "PYTHONDONTWRITEBYTECODE": "1"}


def answers(url):
    """Whether something answers there, be it with an error of its own; 503 means not yet."""
    def probe():
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return True
        except urllib.error.HTTPError as error:
            return error.code != 503
        except OSError:
            return False
    return probe


def connects(path):
    def probe():
        with socket.socket(socket.AF_UNIX) as probe_socket:
            return probe_socket.connect_ex(str(path)) == 0
    return probe
