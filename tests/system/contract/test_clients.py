"""Clients generated from the contract compile, read all pages and return typed records."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.site import FEES, Site

HERE = Path(__file__).parent
TOOLS = Path(sys.executable).parent
NAMES = {"城镇垃圾处理费", "不动产登记费", "食品经营许可证工本费"}
_GENERATOR = "7.17.0"
DOCUMENTS = {"fees": f"/v1/datasets/{FEES}/openapi.json", "v1": "/openapi.json"}


@pytest.fixture(scope="module")
def work(served: tuple[Site, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a folder with the documents as they are served."""
    folder = tmp_path_factory.mktemp("clients")
    for name, path in DOCUMENTS.items():
        (folder / f"{name}.json").write_bytes(served[0].client.get(path).content)
    return folder


def run(*command: object, cwd: Path) -> str:
    """Run a command → its standard output; fail with all of its output."""
    environ = {**os.environ, "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}", "PYTHONUTF8": "1"}
    words = [str(word) for word in command]
    process = subprocess.run(words, cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    assert process.returncode == 0, f"{process.stdout}\n{process.stderr}"
    return process.stdout


def generate_python(work: Path, name: str) -> Path:
    """Generate the Python client of a document → its package."""
    target = work / f"{name}_client"
    options = ("--path", f"{name}.json", "--output-path", target, "--meta", "none", "--overwrite")
    run(TOOLS / "openapi-python-client", "generate", *options, cwd=work)
    return target


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_python_client_is_generated_and_compiles(work: Path, name: str) -> None:
    target = generate_python(work, name)
    run(sys.executable, "-W", "error", "-m", "compileall", "-q", target, cwd=work)
    assert len(list((target / "models").glob("*.py"))) > 20


@pytest.mark.slow
def test_a_python_caller_pages_through_everything_typed_and_reads_a_file_and_a_feed(
    served: tuple[Site, str], work: Path
) -> None:
    for name in DOCUMENTS:
        generate_python(work, name)
    shutil.copy(HERE / "python" / "walk.py", work)
    cache = ("--cache-dir", work / "cache", "--config-file", os.devnull)
    run(TOOLS / "mypy", "--strict", *cache, "--follow-imports", "silent", "walk.py", cwd=work)
    printed = run(sys.executable, "walk.py", served[1], cwd=work)
    assert set(printed.split()) == NAMES


@pytest.mark.program
@pytest.mark.slow
def test_a_typescript_caller_compiles_pages_through_everything_and_reads_a_file_and_a_feed(
    served: tuple[Site, str], work: Path, node_modules: Path
) -> None:
    folder = work / "typescript"
    (folder / "generated").mkdir(parents=True)
    (folder / "node_modules").symlink_to(node_modules)
    for file in ("walk.ts", "package.json", "tsconfig.json"):
        shutil.copy(HERE / "typescript" / file, folder)
    tools = node_modules / ".bin"
    for name in DOCUMENTS:
        document = work / f"{name}.json"
        run(tools / "openapi-typescript", document, "-o", f"generated/{name}.d.ts", cwd=folder)
    run(tools / "tsc", "--project", ".", cwd=folder)
    assert set(run("node", "built/walk.js", served[1], cwd=folder).split()) == NAMES
    wrong = (
        (folder / "walk.ts").read_text(encoding="utf-8").replace("record.content.name", "record.content.nam")
    )
    (folder / "walk.ts").write_text(wrong, encoding="utf-8")
    with pytest.raises(AssertionError, match="nam"):
        run(tools / "tsc", "--project", ".", cwd=folder)


@pytest.fixture(scope="module")
def openapi_generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fetch openapi-generator, which generates clients in some 50 languages."""
    folder = tmp_path_factory.mktemp("openapi-generator")
    artifact = f"-Dartifact=org.openapitools:openapi-generator-cli:{_GENERATOR}"
    run("mvn", "-q", "dependency:copy", artifact, f"-DoutputDirectory={folder}", cwd=folder)
    return folder / f"openapi-generator-cli-{_GENERATOR}.jar"


@pytest.mark.soak
def test_a_go_caller_compiles_pages_through_everything_and_reads_a_file_and_a_feed(
    served: tuple[Site, str], work: Path, openapi_generator: Path
) -> None:
    target = work / "go"
    run("java", "-jar", openapi_generator, "generate", "-i", "v1.json", "-g", "go", "-o", target, cwd=work)
    shutil.copytree(HERE / "go", target / "walk")
    assert set(run("go", "run", "./walk", served[1], FEES, cwd=target).split()) == NAMES


@pytest.mark.soak
def test_a_java_caller_compiles_pages_through_everything_and_reads_a_file_and_a_feed(
    served: tuple[Site, str], work: Path, openapi_generator: Path
) -> None:
    target = work / "java"
    run("java", "-jar", openapi_generator, "generate", "-i", "v1.json", "-g", "java", "-o", target, cwd=work)
    shutil.copy(HERE / "java" / "Walk.java", target / "src" / "main" / "java")
    run("mvn", "-q", "compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath", cwd=target)
    classes = f"{target / 'target' / 'classes'}:{(target / 'classpath').read_text(encoding='utf-8')}"
    printed = run("java", "-Dstdout.encoding=UTF-8", "-cp", classes, "Walk", served[1], FEES, cwd=target)
    assert set(printed.split()) == NAMES
