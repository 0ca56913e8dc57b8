"""A real Elasticsearch node, laid out from the jars in Maven's registry. Standard library only.

The registry has Elasticsearch's jars but not its distribution, so `prepare` lays out a home folder as the distribution
has it, with two tiny jars of our own in place of two that are not published; `Node` starts the unmodified main class.
The node takes its settings from standard input and ends by itself when that closes, so none outlives its test run.
"""

import glob
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

JAVA_OF: Final = {"9.5.3": range(21, 99), "8.19.0": range(17, 22)}
"""The versions tried, newest first, and the Java that each runs on. 8.19.0 is the newest 8 with a published transport."""

NOBODY: Final = 65534  # Elasticsearch refuses to run as root
Settings = Mapping[str, str | int | list[str] | None]

_JVM_FOLDERS: Final = "/usr/lib/jvm/*/bin/java"
_POM: Final = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>elasticsearch-jars</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency>
<groupId>org.elasticsearch</groupId><artifactId>elasticsearch</artifactId><version>VERSION</version>
</dependency><dependency>
<groupId>org.elasticsearch.plugin</groupId><artifactId>transport-netty4</artifactId><version>VERSION</version>
</dependency></dependencies></project>"""
_AGENT: Final = """package local; import java.lang.instrument.Instrumentation;
public class Agent { public static void agentmain(String a, Instrumentation i) throws Exception {
  Class.forName(a).getMethod("initialize", Instrumentation.class).invoke(null, i); } }"""
_CONSOLE: Final = """package org.elasticsearch.io.ansi;
public class AnsiConsoleLoader implements java.util.function.Supplier<Object> { public Object get() { return null; } }"""
_LOG4J: Final = """status = error
appender.c.type = Console
appender.c.name = c
appender.c.layout.type = PatternLayout
appender.c.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.c.ref = c
"""


class NodeError(Exception):
    """No node can be had; the text says what is missing and how to get it."""


@cache
def find_java(version: str) -> Path:
    """A java that this version runs on: WHOLELOG_TEST_JAVA, JAVA_HOME, PATH or the usual folders. Raises NodeError."""
    wanted = JAVA_OF[version]
    for candidate in _javas():
        if java_major(candidate) in wanted:
            modules = subprocess.run([candidate, "--list-modules"], capture_output=True, text=True, timeout=60).stdout
            if "jdk.attach" in modules and "jdk.jlink" in modules:
                return candidate
    raise NodeError(
        f"Elasticsearch {version} wants a JDK of {wanted.start} to {wanted.stop - 1} with jdk.attach and jdk.jlink, and "
        "none was found: apt-get install openjdk-17-jdk-headless, or set WHOLELOG_TEST_JAVA to a java of your own, or "
        "WHOLELOG_TEST_ES_URL to an Elasticsearch that runs already"
    )


def java_major(java: Path) -> int:
    """17 for a java of version 17.0.2; 0 where it does not say."""
    said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def available_versions() -> list[str]:
    """The versions for which there is a Java, newest first. Raises NodeError if there is none."""
    found: list[str] = []
    missing: list[NodeError] = []
    for version in JAVA_OF:
        try:
            find_java(version)
            found.append(version)
        except NodeError as error:
            missing.append(error)
    if not found:
        raise missing[-1]
    return found


def prepare(home: Path, version: str) -> None:
    """Lay out HOME; nothing to do where it is already there. Raises NodeError.

    The folders above must let uid 65534 enter when root runs this (root's own home does not).
    """
    if (home / "ready").exists():
        return
    java = find_java(version)
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".preparing-") as folder:
        work = Path(folder) / "home"
        work.mkdir()
        _fetch_jars(work, version)
        _unpack_transport(work)
        _own_jars(work, java)
        _native_library(work)
        (work / "plugins").mkdir()
        (work / "ready").write_text(version)
        for path in [work, *work.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        try:
            work.rename(home)
        except OSError:
            if not (home / "ready").exists():  # else another run was quicker
                raise


def _javas() -> list[Path]:
    named = [os.environ.get("WHOLELOG_TEST_JAVA"), os.path.join(os.environ.get("JAVA_HOME", ""), "bin/java")]
    paths = [*named, shutil.which("java"), *sorted(glob.glob(_JVM_FOLDERS))]
    return [Path(path) for path in paths if path and os.access(path, os.X_OK)]


def _fetch_jars(work: Path, version: str) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NodeError("mvn is not installed: apt-get install maven (or set WHOLELOG_TEST_ES_URL)")
    (work / "pom.xml").write_text(_POM.replace("VERSION", version))
    bridge = f"org.elasticsearch:elasticsearch-entitlement-bridge:{version}"
    for goal in (
        ["dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=lib"],
        ["dependency:copy", f"-Dartifact={bridge}", "-DoutputDirectory=lib/entitlement-bridge"],
    ):
        done = subprocess.run([maven, "-B", "-q", *goal], cwd=work, capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise NodeError(f"mvn could not fetch Elasticsearch {version}:\n{(done.stdout + done.stderr)[-2000:]}")


def _unpack_transport(work: Path) -> None:
    netty = work / "modules/transport-netty4"
    netty.mkdir(parents=True)
    for jar in (work / "lib").glob("*.jar"):
        if jar.name.startswith(("netty-", "transport-netty4")):
            jar.rename(netty / jar.name)
    with zipfile.ZipFile(next(netty.glob("transport-netty4-*.jar"))) as archive:
        for name in archive.namelist():
            if name.startswith("META-INF/es-plugins/transport-netty4/") and not name.endswith("/"):
                (netty / Path(name).name).write_bytes(archive.read(name))


def _own_jars(work: Path, java: Path) -> None:
    attributes = "Agent-Class: local.Agent\nCan-Retransform-Classes: true\nCan-Redefine-Classes: true\n"
    _jar(java, _AGENT, "local", "Agent", work / "lib/entitlement-agent/agent.jar", attributes)
    _jar(java, _CONSOLE, "org", "AnsiConsoleLoader", work / "lib/tools/ansi-console/console.jar", "")


def _jar(java: Path, source: str, package: str, name: str, target: Path, manifest: str) -> None:
    target.parent.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / f"{name}.java").write_text(source)
        (work / "manifest").write_text(manifest)
        for command in (
            ["javac", "--release", "17", "-d", str(work / "out"), str(work / f"{name}.java")],
            ["jar", "cfm", str(target), str(work / "manifest"), "-C", str(work / "out"), package],
        ):
            tool = java.resolve().parent / command[0]
            if not tool.exists():
                raise NodeError(f"{tool} is missing: a JDK is wanted, not a JRE (openjdk-17-jdk-headless)")
            subprocess.run([tool, *command[1:]], check=True, capture_output=True, timeout=120)


def _native_library(work: Path) -> None:
    found = glob.glob("/usr/lib/*/libzstd.so.1") + glob.glob("/lib*/libzstd.so.1")
    if not found:
        raise NodeError("libzstd.so.1 was not found: apt-get install libzstd1")
    folder = work / "lib/platform/linux-x64"
    folder.mkdir(parents=True)
    shutil.copy(os.path.realpath(found[0]), folder / "libzstd.so")


def vint(number: int) -> bytes:
    """Elasticsearch's stream format: seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def server_args(settings: Mapping[str, str | int | list[str]], configuration: str, logs: str) -> bytes:
    """`org.elasticsearch.bootstrap.ServerArgs` in the stream format, as the node reads it from its standard input."""
    seed = os.urandom(10).hex()
    # daemonize, quiet, no pid file; a key store that holds its seed only
    out = bytearray(b"\0\0\0" + _string("org.elasticsearch.common.settings.KeyStoreWrapper") + (7).to_bytes(4, "big"))
    out += b"\0\0" + vint(1) + _string("keystore.seed") + _string(seed)
    out += vint(32) + hashlib.sha256(seed.encode()).digest() + b"\0"
    out += vint(len(settings))
    for key in sorted(settings):
        value = settings[key]
        out += _string(key)
        if isinstance(value, list):
            out += b"\x07" + vint(len(value)) + b"".join(b"\0" + _string(item) for item in value)
        else:
            out += b"\0" + _string(str(value))
    return bytes(out + _string(configuration) + _string(logs))


def _string(text: str) -> bytes:
    return vint(len(text)) + text.encode("ascii")


class Node:
    """One node on 127.0.0.1. `settings` are added to those of a single node; None takes one away.

    `lasting`: all of Java's compilers, for what is measured; without the slower one a start costs half.
    """

    def __init__(
        self, home: Path, port: int, folder: Path, heap: str = "1g", settings: Settings | None = None,
        lasting: bool = False,
    ) -> None:  # fmt: skip
        """Starts it; see `wait`. A start on a folder that was used before finds its data again."""
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "logs/out.log"
        for name in ("conf", "logs", "tmp", "data", "repo"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "conf/elasticsearch.yml").touch()
        (folder / "conf/log4j2.properties").write_text(_LOG4J)
        defaults: Settings = {
            "path.home": str(home),
            "path.data": str(folder / "data"),
            "path.logs": str(folder / "logs"),
            "path.repo": [str(folder / "repo")],
            "cluster.name": "wholelog-test",
            "node.name": f"node-{port}",
            "network.host": "127.0.0.1",
            "http.port": port,
            "transport.port": f"{port + 1}-{port + 90}",
            "discovery.type": "single-node",
            "cluster.routing.allocation.disk.threshold_enabled": "false",
        }
        chosen = {key: value for key, value in {**defaults, **(settings or {})}.items() if value is not None}
        self.process = self._spawn(java_command(home, folder, heap, lasting), home, folder)
        assert self.process.stdin is not None
        self.process.stdin.write(server_args(chosen, str(folder / "conf"), str(folder / "logs")))
        self.process.stdin.flush()  # and kept open: the node ends when it closes

    def _spawn(self, command: list[str], home: Path, folder: Path) -> "subprocess.Popen[bytes]":
        as_user: dict[str, Any] = {}
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", folder], check=True, timeout=60)
            as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "LIBFFI_TMPDIR": str(folder / "tmp")}
        with open(self.log, "ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=home, env=environment, **as_user
            )

    def wait(self, limit: float = 120) -> "Node":
        """Return once it answers. Raises NodeError with the end of its log if it ends or `limit` seconds pass."""
        end = time.monotonic() + limit
        while time.monotonic() < end and self.process.poll() is None:
            try:
                urllib.request.urlopen(
                    f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s", timeout=3
                ).close()
                return self
            except OSError:  # URLError is one
                time.sleep(0.1)
        self.stop()
        raise NodeError("Elasticsearch did not come up:\n" + self.log.read_text(errors="replace")[-2000:])

    def kill(self) -> None:
        """As a crash would: SIGKILL."""
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> None:
        """End it in good order; nothing to do if it has ended."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()


def java_command(home: Path, folder: Path, heap: str, lasting: bool) -> list[str]:
    """What the distribution's own launcher would start, for the version that this home holds."""
    version = (home / "ready").read_text()
    java = find_java(version)
    native = home / "lib/platform/linux-x64"
    bridge = next((home / "lib/entitlement-bridge").glob("*.jar"))
    server = "org.elasticsearch.server"
    native_access = "org.elasticsearch.nativeaccess,org.apache.lucene.core"
    if version.startswith("9"):
        native_access += ",org.elasticsearch.foreign"
    denied = ["--illegal-native-access=deny"] if java_major(java) >= 24 else []  # older ones do not know it
    opened = [
        f"--add-opens=org.apache.lucene.core/org.apache.lucene.{package}={server}"
        for package in ("codecs.lucene99", "codecs.hnsw", "internal.vectorization")
    ]
    compilers = [] if lasting else ["-XX:TieredStopAtLevel=1"]
    return [
        str(java), f"-Xms{heap}", f"-Xmx{heap}", *compilers, "-XX:+UseG1GC", "-Xss1m", "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true", "-Dfile.encoding=UTF-8", "-Djava.locale.providers=CLDR",
        "-Dio.netty.noUnsafe=true", "-Dio.netty.noKeySetOptimization=true", "-Dio.netty.recycler.maxCapacityPerThread=0",
        "-Dlog4j.shutdownHookEnabled=false", "-Dlog4j2.disable.jmx=true",
        "-Djdk.attach.allowAttachSelf=true", "-XX:+EnableDynamicAgentLoading", f"--patch-module=java.base={bridge}",
        "--add-exports=java.base/org.elasticsearch.entitlement.bridge=org.elasticsearch.entitlement,"
        "java.logging,java.net.http,java.naming,jdk.net,jdk.zipfs,jdk.management.agent",
        f"--enable-native-access={native_access}", *denied, *opened,
        f"-Djava.library.path={native}", f"-Des.nativelibs.path={native}",
        "-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false",
        "-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1",
        f"-Djava.io.tmpdir={folder}/tmp", f"-Duser.home={folder}/tmp",
        f"-Des.path.home={home}", f"-Des.path.conf={folder}/conf",
        "-Des.distribution.type=zip", "-Des.java.type=JAVA_HOME",
        "--module-path", str(home / "lib"), "--add-modules=jdk.net,jdk.management,jdk.incubator.vector,ALL-MODULE-PATH",
        "-m", f"{server}/org.elasticsearch.bootstrap.Elasticsearch",
    ]  # fmt: skip
