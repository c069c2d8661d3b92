"""wrk or hey: the same bytes over and over, nothing signed anew, nothing recorded."""

import argparse
import os
import re
import resource
import subprocess

import webhooks

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--folder", required=True)
parser.add_argument("--tool", choices=["wrk", "hey"], default="wrk")
parser.add_argument("--connections", type=int, default=64)
parser.add_argument("--seconds", type=int, default=5)
options = parser.parse_args()

body, headers = webhooks.signed_request("evt_0000000000000000", 0, webhooks.DATA)
url = f"http://127.0.0.1:{options.port}/hook/0"
if options.tool == "wrk":
    script = os.path.join(options.folder, "post.lua")
    with open(script, "w") as file:
        file.write(f'wrk.method = "POST"\nwrk.body = [[{body.decode()}]]\n')
        file.writelines(f'wrk.headers["{name}"] = "{value}"\n' for name, value in headers.items())
    command = ["wrk", "-t", "2", "-c", str(options.connections), "-d", f"{options.seconds}s", "-s", script, url]
else:
    script = os.path.join(options.folder, "body.json")
    with open(script, "wb") as file:
        file.write(body)
    command = ["hey", "-z", f"{options.seconds}s", "-c", str(options.connections), "-m", "POST", "-D", script]
    for name, value in headers.items():
        command += ["-T", value] if name == "content-type" else ["-H", f"{name}: {value}"]
    command.append(url)

output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
count = re.search(r"(\d+) requests in" if options.tool == "wrk" else r"\[200\]\s+(\d+) responses", output)
if count is None or "Non-2xx" in output:
    raise SystemExit(f"{options.tool} says:\n{output}")
webhooks.tell({"rps": rate, "cus": (usage.ru_utime + usage.ru_stime) / int(count.group(1)) * 1e6})
