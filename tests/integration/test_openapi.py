#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Requests made from the interface's own description, /system/openapi.json: every path and method, with values that fit the description,
values that do not, and rubbish. Nothing may answer with a server error, hang or stop the host; what fits must not be refused as malformed.

Commands that would end the run of a source or change the login are left out of the random part by their role: it runs without login, and
once with a login that may only read."""
import base64
import json
import os
import re
import unittest
import urllib.parse

import hypothesis
from hypothesis import strategies as st

from host import Host

USER, PASSWORD = "tester", "secret"
LOGIN = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
EXAMPLES = int(os.environ.get("AERIE_PROPERTY_EXAMPLES", "400"))
FORM = "application/x-www-form-urlencoded"

texts = st.text(max_size=40) | st.sampled_from(["", ".", "..", "%", "%00", "%2F", "/", "\\", "0", "-1", "1e999", "NaN", "null", "AA:BB:CC:DD:EE:FF",
                                              "\u202e", "\U0001f4a9", "a" * 300, "'", '"', "<script>", "${x}", "(a+)+$"])
numbers = st.integers(-2 ** 70, 2 ** 70) | st.floats()
values = st.recursive(st.none() | st.booleans() | numbers | texts, lambda v: st.lists(v, max_size=4) | st.dictionaries(texts, v, max_size=4), max_leaves=12)


class Described(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host(login=(USER, PASSWORD)).ready()
        cls.api = cls.host.get("/system/openapi.json")
        device = cls.host.get("/devices/all_devices.json")[0]
        cls.known = [device["kismet.device.base.key"], device["kismet.device.base.macaddr"], "all", "1", "-10",
                     cls.host.get("/datasource/all_sources.json")[0]["kismet.datasource.uuid"]]
        made = cls.host.ask("/auth/apikey/generate.cmd", "POST", json.dumps({"name": "reader", "role": "readonly", "duration": 0}),
                            dict(LOGIN, **{"Content-Type": "application/json"}))
        assert made.status == 200, made.octets
        cls.reader = {"Cookie": "KISMET=" + made.octets.decode().strip()}
        # "/test/": routes of the tests' own modules, which misbehave on purpose.
        cls.operations = [(path, method, operation) for path, item in sorted(cls.api["paths"].items()) if not path.startswith("/test/")
                          for method, operation in sorted(item.items()) if method in ("get", "post", "put", "delete")]

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def resolve(self, thing):
        while "$ref" in thing:
            at = self.api
            for part in thing["$ref"].lstrip("#/").split("/"):
                at = at[part.replace("~1", "/").replace("~0", "~")]
            thing = at
        return thing

    def parameters(self, path, operation):
        shared = self.api["paths"][path].get("parameters", [])
        return [self.resolve(p) for p in shared + operation.get("parameters", [])]

    def examples(self, parameter):
        schema = self.resolve(parameter.get("schema", {}))
        if "enum" in schema:
            return schema["enum"]
        for at in (parameter, schema):
            if "example" in at:
                return [at["example"]]
            if "examples" in at:
                e = at["examples"]
                return [x.get("value") for x in e.values()] if isinstance(e, dict) else e
        return []

    def url(self, path, chosen):
        path = re.sub(r"\{(\w+)\}", lambda m: urllib.parse.quote(str(chosen.get(m.group(1), "x")), safe="" if m.group(1) != "path" else "/"), path)
        return path

    def test_every_operation_is_answered_as_described(self):
        """With the description's own examples: no server error, no 405; and 404 only for things that are not there."""
        self.assertGreater(len(self.operations), 40)
        for path, method, operation in self.operations:
            if "stop" in path or "apikey/revoke" in path or "set_password" in path:
                continue
            parameters = self.parameters(path, operation)
            chosen = {p["name"]: (self.examples(p) or ["x"])[0] for p in parameters if p["in"] == "path"}
            if "format" in chosen:
                chosen["format"] = "json" if "json" in self.examples(next(p for p in parameters if p["name"] == "format")) else chosen["format"]
            with self.subTest(f"{method} {path}"):
                self.assertTrue(operation.get("summary"))
                self.assertTrue(operation.get("responses"))
                body, headers = None, dict(self.reader)
                if method == "post":
                    headers["Content-Type"], body = "application/json", "{}"
                reply = self.host.ask(self.url(path, chosen), method.upper(), body, headers)
                self.assertLess(reply.status, 500, reply.octets)
                self.assertNotEqual(reply.status, 405)
                self.assertIn(reply.status, (200, 302, 304, 400, 403, 404, 406), reply.octets[:200])
                described = {str(s) for s in operation["responses"]}
                self.assertTrue(str(reply.status) in described or "default" in described, (reply.status, described))

    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(hypothesis.HealthCheck), derandomize=True, database=None)
    @hypothesis.given(st.data())
    def test_no_request_from_the_description_is_a_server_error(self, data):
        path, method, operation = data.draw(st.sampled_from(self.operations))
        parameters = self.parameters(path, operation)
        chosen = {}
        for p in parameters:
            if p["in"] == "path":
                some = self.examples(p)
                chosen[p["name"]] = data.draw(st.sampled_from(some + self.known) if some and data.draw(st.integers(0, 3)) else texts | st.sampled_from(self.known))
        url = self.url(path, chosen)
        query = {p["name"]: data.draw(texts) for p in parameters if p["in"] == "query" and data.draw(st.booleans())}
        if query:
            url += "?" + urllib.parse.urlencode(query, errors="replace")
        headers = dict(data.draw(st.sampled_from([{}, self.reader])))
        body = None
        if method == "post":
            names = self.command_keys(operation)
            command = {n: data.draw(values) for n in names if data.draw(st.booleans())} if data.draw(st.integers(0, 4)) else data.draw(values)
            text = json.dumps(command)
            if data.draw(st.booleans()):
                headers["Content-Type"], body = "application/json", text
            else:
                headers["Content-Type"], body = FORM, "json=" + urllib.parse.quote_plus(text)
        reply = self.host.ask(url, method.upper(), body, headers)
        self.assertLess(reply.status, 500, (url, body, reply.octets[:300]))

    def command_keys(self, operation):
        content = self.resolve(operation.get("requestBody", {})).get("content", {})
        schema = self.resolve(content.get("application/json", {}).get("schema", {}))
        return sorted(schema.get("properties", {}))


if __name__ == "__main__":
    unittest.main()
