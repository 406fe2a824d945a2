# SPDX-License-Identifier: Apache-2.0
"""Talks to a language server over its standard streams, as an editor does, and prints what it says.

usage: lsp.py SERVER
"""
import json
import subprocess
import sys

GOOD = """func.func @sum(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %s = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %s : tensor<4xf32>
}
"""
BAD = GOOD.replace("[1]", "[3]")


class Server:
    def __init__(self, command):
        self.process = subprocess.Popen([command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.requests = 0

    def send(self, method, params, **fields):
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **fields}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while (line := self.process.stdout.readline().strip()):
            name, value = line.split(b": ")
            if name == b"Content-Length":
                length = int(value)
        assert length, "the server has gone"
        return json.loads(self.process.stdout.read(length))

    def ask(self, method, params):
        self.requests += 1
        self.send(method, params, id=self.requests)
        while (message := self.receive()).get("id") != self.requests:
            pass
        return message["result"]

    def diagnostics(self, uri):
        """Prints those that the server publishes next."""
        while True:
            message = self.receive()
            if message.get("method") == "textDocument/publishDiagnostics" and \
                    message["params"]["uri"] == uri:
                break
        found = message["params"]["diagnostics"]
        print(f"{uri.rsplit('/', 1)[1]}: {len(found)} diagnostic{'s' * (len(found) != 1)}")
        for diagnostic in found:
            place = diagnostic["range"]["start"]
            print(f"{place['line'] + 1}:{place['character'] + 1}: {diagnostic['message']}")


def document(uri, text):
    return {"textDocument": {"uri": uri, "languageId": "mlir", "version": 1, "text": text}}


def main():
    server = Server(sys.argv[1])
    capabilities = server.ask("initialize", {"processId": None, "rootUri": None,
                                             "capabilities": {}})["capabilities"]
    print(" ".join(sorted(name.removesuffix("Provider") for name in capabilities)))
    server.send("initialized", {})

    good, bad = "file:///tmp/good.mlir", "file:///tmp/bad.mlir"
    server.send("textDocument/didOpen", document(good, GOOD))
    server.diagnostics(good)
    hover = server.ask("textDocument/hover", {"textDocument": {"uri": good},
                                              "position": {"line": 1, "character": 10}})
    print("hover:", hover["contents"]["value"])

    server.send("textDocument/didOpen", document(bad, BAD))
    server.diagnostics(bad)
    server.send("textDocument/didChange", {"textDocument": {"uri": bad, "version": 2},
                                           "contentChanges": [{"text": GOOD}]})
    server.diagnostics(bad)

    server.ask("shutdown", None)
    server.send("exit", None)
    print("exit code", server.process.wait(timeout=60))


if __name__ == "__main__":
    main()
