# Which files are lit tests and what their RUN lines may call: the tools of this build, LLVM's test tools, and
#   %S/../goldens style paths of the source tree, %goldens, %t.
# Features: cuda-device, rocm-device; a tool of the build (tombolo, tombolo-run, ...) that is built.
import os
import shutil
import subprocess
import sys

import lit.formats

config.name = "tombolo"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["goldens", "fuzz", "unit", "models", "artifacts", "Inputs"]
config.test_source_root = os.path.join(config.tombolo_source, "test")
config.test_exec_root = os.path.join(config.tombolo_build, "test", "lit-output")

# Tools are found by whole path, so that a test never runs another build's.
tools_dir = os.path.join(config.tombolo_build, "bin")
for tool in ["tombolo-opt", "tombolo-run", "tombolo"]:
    path = os.path.join(tools_dir, tool)
    if os.path.exists(path):
        config.available_features.add(tool)
        config.substitutions.append((r"(?<![\w./%-])" + tool + r"(?![\w./-])", path))
for tool in ["FileCheck", "not", "count", "split-file", "mlir-opt", "mlir-translate", "llvm-objdump", "llvm-readelf"]:
    path = os.path.join(config.llvm_tools, tool)
    if os.path.exists(path):
        config.substitutions.append((r"(?<![\w./%-])" + tool + r"(?![\w./-])", path))
# Programs of the tests that tests of the tools use, too.
for program in ["write-headers"]:
    path = os.path.join(config.tombolo_build, "test", "bin", program)
    if os.path.exists(path):
        config.available_features.add(program)
        config.substitutions.append(("%" + program, path))
config.substitutions.append(("%python", sys.executable))
config.substitutions.append(("%goldens", os.path.join(config.test_source_root, "goldens")))

config.environment["PATH"] = os.pathsep.join([tools_dir, config.llvm_tools, os.environ.get("PATH", "")])
# Tests share no cache with the user or with each other's runs.
config.environment["TOMBOLO_CACHE"] = os.path.join(config.test_exec_root, "cache")


def runs(*command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if shutil.which("nvidia-smi") and runs("nvidia-smi", "-L"):
    config.available_features.add("cuda-device")
if shutil.which("rocminfo") and runs("rocminfo"):
    config.available_features.add("rocm-device")
