"""Processes under measurement: started on loopback with temporary folders, ended by their pid."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("MEDIAROUTER_BIN", ROOT / "build/release/bin"))
PROJECT = "prj_default"
TICKS = os.sysconf("SC_CLK_TCK")


def postgres_program(name):
    """psql and pgbench are not on the PATH with Debian's server package alone."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


def until(what, look, seconds=60, pause=0.01):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            result = look()
            if result:
                return result
        time.sleep(pause)
    raise RuntimeError(f"no {what} within {seconds} s")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A child whose output goes to files below `folder`."""

    def __init__(self, name, argv, folder, env=None):
        self.name = name
        self.out = pathlib.Path(folder, f"{name}.out")
        self.log = pathlib.Path(folder, f"{name}.log")
        with open(self.out, "w") as out, open(self.log, "w") as log:
            self.child = subprocess.Popen([str(word) for word in argv], stdout=out, stderr=log,
                                          env=env, cwd=folder)

    @property
    def pid(self):
        return self.child.pid

    def line(self, pattern, seconds=60):
        def look():
            text = self.out.read_text() + self.log.read_text()
            if self.child.poll() is not None:
                raise RuntimeError(f"{self.name} ended early:\n{text[-2000:]}")
            return re.search(pattern, text, re.M)
        return until(f"line of {self.name} like {pattern}", look, seconds)[1]

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mib(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(30)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


class Client:
    """One kept-alive connection."""

    def __init__(self, url, key=None):
        self.address = urllib.parse.urlsplit(url).netloc
        self.connection = http.client.HTTPConnection(self.address, timeout=60)
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def call(self, method, path, body=None):
        headers = dict(self.headers)
        if body is not None:
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise RuntimeError(f"{method} {path}: {response.status} {text[:300]!r}")
        return json.loads(text)


class Simulator:
    def __init__(self, folder, render_seconds):
        self.process = Process("provider-sim", [BIN / "provider-sim", "--port", "0",
                                                "--render-seconds", render_seconds], folder)
        self.url = self.process.line(r"(http://127\.0\.0\.1:\d+)")
        self.control("defaults", {"shared_clip": True})

    def control(self, what, body, method="POST"):
        return Client(self.url).call(method, f"/__sim/{what}", body)

    def stop(self):
        self.process.stop()


def base_environment():
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LOG_FORMAT": "json",
            "HOST": "127.0.0.1", "PORT": "0", "DRAIN_SECONDS": "1"}


class Database:
    """A database of a running Postgres, through psql and pgbench."""

    def __init__(self, socket_folder, name):
        self.where = ["-h", socket_folder, "-p", "5432", "-U", "mediarouter"]
        self.name = name
        self.url = f"host={socket_folder} port=5432 user=mediarouter dbname={name}"

    def sql(self, text):
        return subprocess.run(
            [postgres_program("psql"), *self.where, "-d", self.name, "-XAtq",
             "-v", "ON_ERROR_STOP=1"],
            input=text, check=True, capture_output=True, text=True).stdout.strip()

    def other(self, name):
        """Another one of the same server, with the same schemas."""
        self.sql(f"CREATE DATABASE {name}")
        other = Database(self.where[1], name)
        subprocess.run([BIN / "mediarouter", "migrate"], check=True, capture_output=True,
                       env={**base_environment(), "DATABASE_URL": other.url})
        return other


class Deployment:
    """What both forms have in common once they serve."""

    key = "mr_" + secrets.token_hex(24)
    url = ""

    def await_ready(self):
        def ready():
            connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.url).netloc)
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        until("readiness", ready, pause=0.002)

    def client(self):
        return Client(self.url, self.key)

    def add_provider_key(self):
        self.client().call("POST", "/v1/keys", {"provider": "demo", "api_key": "bench-key"})


class Standalone(Deployment):
    """`mediarouter serve` with its private Postgres."""

    def __init__(self, folder, simulator, **settings):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.settings = {"DEMO_BASE_URL": f"{simulator.url}/v1", **settings}
        self.start()
        self.add_provider_key()

    def start(self):
        begin = time.monotonic()
        self.process = Process("mediarouter", [BIN / "mediarouter", "serve"], self.folder, {
            **base_environment(), "METRICS_ADDRESS": "127.0.0.1:0", "LOG_LEVEL": "info",
            "DATA_DIR": str(self.data), "MEDIAROUTER_ADMIN_KEY": self.key, **self.settings})
        self.url = self.process.line(r"^MediaRouter listening on (http://\S+)")
        self.await_ready()
        return time.monotonic() - begin

    @property
    def database(self):
        lines = (self.data / "postgres/data/postmaster.pid").read_text().splitlines()
        return Database(lines[4].strip(), "mediarouter")

    def postgres_cpu_seconds(self):
        """Of the server and of all its backends, those that ended too."""
        pid = (self.data / "postgres/data/postmaster.pid").read_text().split()[0]
        total = 0
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                number, _, rest = stat.read_text().partition(" (")
                fields = rest.rpartition(")")[2].split()
                if number == pid:
                    total += sum(int(field) for field in fields[11:15])
                elif fields[1] == pid:
                    total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def metric(self, name):
        port = self.process.line(r'metrics are served.*"port": ?"?(\d+)')
        connection = http.client.HTTPConnection("127.0.0.1", int(port))
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        return [line for line in text.splitlines() if line.startswith(name)]

    def stop(self):
        self.process.stop()


class Separate(Deployment):
    """The five binaries on Unix sockets, with a database of another deployment's Postgres."""

    SERVICES = {"key-vault": "KEY_VAULT_ADDRESS", "media-store": "MEDIA_STORE_ADDRESS",
                "generation-orchestrator": "GENERATION_ORCHESTRATOR_ADDRESS",
                "provider-worker": "PROVIDER_WORKER_ADDRESS", "gateway": None}

    def __init__(self, folder, simulator, database, **settings):
        folder = pathlib.Path(folder, "separate")
        (folder / "videos").mkdir(parents=True)
        env = {**base_environment(), "DEMO_BASE_URL": f"{simulator.url}/v1",
               "METRICS_ADDRESS": "off", "LOG_LEVEL": "info", "DATABASE_URL": database.url,
               "STORAGE_PATH": str(folder / "videos"), "MEDIAROUTER_ADMIN_KEY": self.key,
               "ENCRYPTION_KEY": secrets.token_hex(32), "SECRET_KEY": secrets.token_hex(32),
               **settings}
        for service, variable in self.SERVICES.items():
            if variable:
                env[variable] = f"unix:{folder}/{service}.sock"
        self.processes = [
            Process(service, [BIN / f"mediarouter-{service}"], folder,
                    {**env, "GRPC_LISTEN": f"unix:{folder}/{service}.sock"})
            for service in self.SERVICES]
        port = self.processes[-1].line(r'the gateway listens.*"port": ?"?(\d+)')
        self.url = f"http://127.0.0.1:{port}"
        self.await_ready()
        self.add_provider_key()

    def stop(self):
        for process in reversed(self.processes):
            process.stop()


class Nginx:
    """One nginx that serves files, and one in front of another that returns a constant."""

    def __init__(self, folder, constant="", root="/nonexistent"):
        folder = pathlib.Path(folder, "nginx")
        folder.mkdir()
        self.files = f"http://127.0.0.1:{free_port()}"
        self.front = f"http://127.0.0.1:{free_port()}"
        quoted = constant.replace("\\", "\\\\").replace('"', '\\"').replace("$", "${dollar}")
        config = folder / "nginx.conf"
        config.write_text(f"""
daemon off;
{"user root;" if os.geteuid() == 0 else ""}
worker_processes 2;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  geo $dollar {{ default "$"; }}
  upstream constant {{ server unix:{folder}/constant.sock; keepalive 64;
                       keepalive_requests 1000000000; }}
  server {{ listen {self.files[7:]}; root {root}; }}
  server {{ listen {self.front[7:]};
            location / {{ proxy_pass http://constant; proxy_http_version 1.1;
                          proxy_set_header Connection ""; }} }}
  server {{ listen unix:{folder}/constant.sock;
            location / {{ default_type application/json; return 200 "{quoted}"; }} }}
}}
""")
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = Process("nginx", [program, "-c", config, "-p", folder], folder)
        until("nginx", lambda: socket.create_connection(self.files[7:].split(":")).close() or True)

    def stop(self):
        self.process.stop()


@contextlib.contextmanager
def scratch():
    """A folder, and a stack that ends what was pushed on it, last first."""
    folder = tempfile.mkdtemp(prefix="mr-bench-")
    os.chmod(folder, 0o755)  # as root, Postgres runs as another user
    try:
        with contextlib.ExitStack() as stack:
            def keep(process):
                stack.callback(process.stop)
                return process
            yield folder, keep
    finally:
        shutil.rmtree(folder, ignore_errors=True)
