#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the host says of itself, held against what it does: every route, parameter and field has its text, the OpenAPI document is
valid and complete, each path answers as described, and the pages show all of it.

A route that fails here lacks a row, a text or an example where it is registered."""
import base64
import html.parser
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

from host import BUILD, Host, PATIENCE
from openapi import Document, METHODS, example_of, form_of

USER, PASSWORD = "tester", "secret"
ADMIN = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
PASSIVE = "00112233-4455-6677-8899-AABBCCDDEEFF"
RADIO = "F00D0000-0000-0000-0000-000000000001"
FORM = "application/x-www-form-urlencoded"
SCHEMA = "/usr/share/openapi-specification/schemas/v3.0/schema.json"  # Debian: openapi-specification
ODD = "org.example.breakout"


def own(owner):
    """Not of a module that only tests have."""
    return not owner.startswith(("test.", "org.example."))


def host(*args, **more):
    """A host with all modules that belong to it, with devices, a source that is fed, and a radio that is not there."""
    return Host("--plugin-dir", os.path.join(BUILD, "tests/integration/radio/.libs"), "-s", "helper_binary_path=" + os.path.join(BUILD, "bin"),
                "-s", "helper_binary_path=" + os.path.join(BUILD, "tests/integration"), "-c", f"passive:name=esp32,uuid={PASSIVE},dlt=105",
                "-c", "radio0:type=fakeradio,name=roof", *args, login=(USER, PASSWORD), **more).ready()


def document(of):
    reply = of.ask("/system/openapi.json", headers=ADMIN)
    assert reply.status == 200 and reply.headers["Content-Type"] == "application/json", (reply.status, reply.octets)
    return Document(json.loads(reply.octets))


class Page(html.parser.HTMLParser):
    """Checks nesting, and keeps rows of tables, sections, links and texts."""
    VOID = {"meta", "link", "input", "br", "img"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.rows, self.ids, self.links, self.titles, self.loaded = [], [], [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "a":
            self.links.append(attrs["href"])
        if "src" in attrs or tag == "link":
            self.loaded.append(attrs.get("src") or attrs.get("href"))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag in ("title", "h1", "h2", "h3"):
            self.titles.append((tag, ""))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data
        if self.titles and self.titles[-1][0] in self.open:
            self.titles[-1] = (self.titles[-1][0], self.titles[-1][1] + data)


class Texts(unittest.TestCase):
    """Nothing is registered without its text."""

    @classmethod
    def setUpClass(cls):
        cls.host = host()
        cls.document = document(cls.host)

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def complain(self, lacks):
        self.assertFalse(lacks, "\n" + "\n".join(lacks))

    def check_parameter(self, where, name, described, schema, lacks):
        help_text = described or ""
        if len(help_text.split()) < 2 or help_text.strip(" .").lower() == name.lower():
            lacks.append(f"{where}: parameter {name} has no help")
        if not any(k in schema for k in ("type", "oneOf")) and "example" not in schema:
            lacks.append(f"{where}: parameter {name} has neither type nor example")
        if "example" not in schema:
            lacks.append(f"{where}: parameter {name} has no example, or one that is no JSON")
        elif self.document.wrong(schema, schema["example"]):
            lacks.append(f"{where}: the example of {name} is not of its type: {self.document.wrong(schema, schema['example'])}")

    def test_every_route_parameter_and_result_is_described(self):
        lacks = []
        for o in self.document.operations(own):
            if o.what["summary"].strip(".") == o.what["description"].strip("."):
                lacks.append(f"{o}: the help says no more than the summary")
            for p in o.parameters:
                if "enum" in p.get("schema", {}) and p["name"] in ("format", "suffix"):
                    continue
                self.check_parameter(o, p["name"], p.get("description"), p.get("schema") or p["content"]["application/json"]["schema"], lacks)
            for name, schema in ((o.command() or {}).get("properties") or {}).items():
                self.check_parameter(o, name, schema.get("description"), schema, lacks)
            for media in ("application/json", "application/msgpack"):
                schema = o.result(media)
                if schema is not None and not self.says_what(schema):
                    lacks.append(f"{o}: the result has neither record nor fields")
                    break
        for path, what in self.document.what["x-websockets"].items():
            if not own(what["tags"][0]):
                continue
            for name, schema in what.get("message", {}).get("properties", {}).items():
                self.check_parameter(path, name, schema.get("description"), schema, lacks)
        self.complain(lacks)

    def says_what(self, schema):
        schema = self.document.resolve(schema)
        for alternatives in ("oneOf", "anyOf"): # of the first, which the others are forms or parts of
            if alternatives in schema and not self.document.properties(schema):
                return self.says_what(schema[alternatives][0])
        if schema.get("type") == "array":
            return self.says_what(schema["items"])
        if "additionalProperties" in schema:
            return self.says_what(schema["additionalProperties"])
        return bool(self.document.properties(schema)) or "description" in schema or schema.get("type") == "string"

    def test_every_field_has_a_unit_and_a_description(self):
        lacks = []
        fields = self.host.get("/system/tracked_fields.json")
        for f in fields:
            name, text = f["aerie.field.name"], f["aerie.field.description"].strip(" .").lower()
            last = name.rsplit(".", 1)[-1]
            if text in (name, last, last.replace("_", " "), ""):
                lacks.append(f"field {name} of {f['aerie.field.owner']}: the description {text!r} says no more than its name")
            if not f["aerie.field.description"].endswith("."):
                lacks.append(f"field {name} of {f['aerie.field.owner']}: the description {text!r} is no sentence")
            if not isinstance(f["aerie.field.unit"], str) or f["aerie.field.unit"] != f["aerie.field.unit"].strip():
                lacks.append(f"field {name}: the unit is {f['aerie.field.unit']!r}")
        self.complain(lacks)
        self.assertGreater(len(fields), 200)

    def test_every_format_and_every_running_module_has_its_text(self):
        formats = Page(self.host.ask("/docs/formats.html").octets.decode()).rows[1:]
        for suffix, kind, text in formats:
            self.assertRegex(suffix, r"^\.[a-z0-9]+$")
            self.assertRegex(kind, r"^[a-z]+/[a-z0-9.+-]+")
            self.assertGreater(len(text.split()), 2, suffix)
        self.assertLessEqual({".json", ".ekjson", ".msgpack", ".cmd", ".jcmd"}, {f[0] for f in formats})
        tags = {t["name"]: t["description"] for t in self.document.what["tags"]}
        for name, text in tags.items():
            self.assertGreater(len(text.split()), 1, name)
        built = [f for f in os.listdir(os.path.join(BUILD, "modules/.libs")) if f.endswith(".so")]
        self.assertEqual(len([t for t in tags if t.startswith("aerie.")]), len(built), "a module of the host's own does not run")


class Valid(unittest.TestCase):
    """The document by the rules of OpenAPI, also with the names of a module that tries to break it."""

    @classmethod
    def setUpClass(cls):
        cls.host = Host("--plugin-dir", os.path.join(BUILD, "tests/integration/odd/.libs"), login=(USER, PASSWORD)).ready()
        cls.document = document(cls.host)

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def test_the_schema_of_openapi_accepts_it(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("there is no jsonschema")
        if not os.path.exists(SCHEMA):
            self.skipTest("there is no openapi-specification")
        with open(SCHEMA, encoding="utf-8") as f:
            schema = json.load(f)
        wrong = [f"{list(e.absolute_path)}: {e.message:.200}" for e in jsonschema.Draft4Validator(schema).iter_errors(self.document.what)]
        self.assertEqual(wrong, [])

    def test_what_a_schema_cannot_check(self):
        what = self.document.what
        self.assertEqual(what["openapi"], "3.0.3")
        tags, ids, shapes = {t["name"] for t in what["tags"]}, set(), set()

        def walk(value):
            if isinstance(value, dict):
                if "$ref" in value:
                    self.assertIsInstance(self.document.resolve(value), dict)
                value = value.values()
            if not isinstance(value, str):
                for v in value if hasattr(value, "__iter__") else ():
                    walk(v)
        walk(what)
        for path in what["paths"]:
            shape = re.sub(r"\{[^}]*\}", "{}", path)
            self.assertNotIn(shape, shapes, "two paths that differ only in names are the same")
            shapes.add(shape)
        for o in self.document.operations():
            self.assertIn(o.method, METHODS)
            self.assertIn(o.owner, tags | {"core"})
            self.assertNotIn(o.what["operationId"], ids)
            self.assertRegex(o.what["operationId"], r"^[a-z][A-Za-z0-9_]*$")
            ids.add(o.what["operationId"])
            self.assertEqual(sorted(re.findall(r"\{([^}]*)\}", o.path)), sorted(p["name"] for p in o.placed("path")), o)
            self.assertEqual(len({(p["in"], p["name"]) for p in o.parameters}), len(o.parameters), o)
            for one in o.what["security"]:
                self.assertLessEqual(set(one), set(what["components"]["securitySchemes"]))

    def test_texts_of_strangers_arrive_unchanged(self):
        o = next(o for o in self.document.operations() if o.path == "/odd/{format}/list.{suffix}" and o.method == "get")
        self.assertEqual(o.owner, ODD)
        self.assertEqual(o.what["summary"], "<script>alert(\"1\")</script> & 'more' \\ \t\x01")
        self.assertEqual(o.what["description"], "No UTF-8: \ufffd\ufffd(. Then {{this}}.")  # Unicode 15, 3.9, table 3-8
        self.assertEqual(o.what["x-roles"], ["one", "\"two\"", ""])
        query, = o.placed("query")
        self.assertEqual((query["name"], query["description"]), ("\"><img src=x onerror=alert(1)>", "</td></table>"))
        self.assertNotIn("example", query["schema"])  # that one is no JSON
        odd, = o.what["responses"]["200"]["content"].keys() - {"application/json", "application/msgpack"}
        self.assertEqual(odd, "text/odd; a=\"<b>\"")

    def test_paths_that_differ_in_names_only_are_one(self):
        """And a parameter of the name `format` is not mistaken for the suffix."""
        item = self.document.what["paths"]["/odd/{format}/list.{suffix}"]
        self.assertEqual(set(item), {"get", "post"})
        post = next(o for o in self.document.operations() if o.path == "/odd/{format}/list.{suffix}" and o.method == "post")
        names = {p["name"]: p for p in post.placed("path")}
        self.assertEqual(names["format"]["description"], "Another name for the first.")
        self.assertIn("json", names["suffix"]["schema"]["enum"])
        self.assertEqual(list(post.command()["properties"]), ["a\"b\n", "many"])
        self.assertEqual(post.command()["required"], ["many"])
        self.assertEqual(post.command()["properties"]["many"]["items"]["type"], "integer")

    def test_a_suffix_with_its_own_route_is_no_value_of_format(self):
        get = next(o for o in self.document.operations() if o.path == "/odd/{format}/list.{suffix}" and o.method == "get")
        self.assertNotIn("ekjson", get.formats())
        self.assertIn("/odd/{third}/list.ekjson", self.document.what["paths"])
        self.assertIn("ekjson", next(o for o in self.document.operations() if o.path == get.path and o.method == "post").formats())

    def test_the_rest_of_a_path_stands_behind_the_suffix(self):
        self.assertIn("/odd/rest.json/{tail}", self.document.what["paths"])
        self.assertIn("/odd/rest.html/{tail}", self.document.what["paths"])
        tail, = next(o for o in self.document.operations() if o.path == "/odd/rest.json/{tail}").placed("path")
        self.assertTrue(tail["x-rest"])
        reply = self.host.ask("/odd/rest.json/" + urllib.parse.quote("a/b", safe=""))
        self.assertEqual((reply.status, json.loads(reply.octets)), (200, "a/b"))

    def test_a_record_of_a_stranger_keeps_its_name(self):
        """The schemas that the document brings itself give way."""
        schemas = self.document.what["components"]["schemas"]
        self.assertEqual(list(schemas["aerie.series"]["properties"]), ["odd.unit", "odd.series", "odd.keys"])
        self.assertEqual(schemas["aerie.series"]["properties"]["odd.unit"]["x-unit"], "<b>")
        self.assertEqual(schemas["aerie.series"]["properties"]["odd.series"]["allOf"], [{"$ref": "#/components/schemas/aerie.series_"}])
        self.assertEqual(schemas["aerie.series"]["properties"]["odd.keys"]["items"], {"type": "integer", "minimum": 0})
        self.assertEqual(set(schemas["aerie.series_"]["properties"]) - set(schemas["aerie.series_minute"]["properties"]),
                         {"kismet.common.rrd.hour_vec", "kismet.common.rrd.day_vec"})
        by_key = next(o for o in self.document.operations() if o.path == "/odd/map.json").result()
        self.assertEqual(by_key, {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/aerie.series"}})

    def test_websockets_are_listed_with_their_messages(self):
        socket = self.document.what["x-websockets"]["/odd/{name}/talk.ws"]
        self.assertEqual(socket["x-roles"], ["datasource"])
        self.assertEqual(socket["parameters"][0]["name"], "name")
        self.assertEqual(socket["message"]["properties"]["say"], {"type": "string", "description": "What to say.", "example": "hello"})
        self.assertIn("/datasource/remote/remotesource.ws", self.document.what["x-websockets"])

    def test_pages_show_texts_of_strangers_as_text(self):
        for path in ("/docs/endpoints.html", "/docs/fields.html", "/docs/records.html", "/docs/formats.html", "/system/tracked_fields.html"):
            text = self.host.ask(path).octets.decode("utf-8", "replace")
            Page(text)
            for tag in ("<script>alert", "<img", "<b>\"", "</td></table>"):
                self.assertNotIn(tag, text, path)
        page = Page(self.host.ask("/docs/endpoints.html").octets.decode("utf-8", "replace"))
        self.assertIn("\"><img src=x onerror=alert(1)>", [r[0] for r in page.rows if r])


class Answers(unittest.TestCase):
    """Each operation of the document is sent as it describes, with its examples, and answers as it describes."""

    @classmethod
    def setUpClass(cls):
        cls.host = host()
        cls.host.wait_for(r"source roof \(fakeradio\): opened")
        cls.document = document(cls.host)
        device = cls.host.get("/devices/all_devices.json")[0]
        cls.key, cls.mac = device["kismet.device.base.key"], device["kismet.device.base.macaddr"]

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def there(self, operation, parameter):
        """A value for a parameter: one that exists here where its kind says so, else its example."""
        name, example = parameter["name"], example_of(parameter)
        if "enum" in parameter.get("schema", {}):
            return "json" if "json" in parameter["schema"]["enum"] else parameter["schema"]["enum"][0]
        if operation.path.startswith("/devices/") and name == "key":
            return self.key
        if operation.path.startswith("/datasource/"):
            return PASSIVE if "/feed" in operation.path else RADIO
        return example

    def let_it_run(self):
        if not self.host.get(f"/datasource/by-uuid/{RADIO}/source.json")["kismet.datasource.running"]:
            reply = self.host.ask(f"/datasource/by-uuid/{RADIO}/open_source.cmd", headers=ADMIN)
            self.assertEqual(reply.status, 200, reply.octets)

    def send(self, operation, headers=ADMIN, value_of=None, command=None, query=True):
        if operation.path.startswith("/datasource/by-uuid/"):
            self.let_it_run()
        headers = dict(headers)
        path = operation.url(value_of or (lambda p: self.there(operation, p)))
        variables = [(p["name"], example_of(p)) for p in operation.placed("query") if query and p.get("required")]
        if operation.method == "get":
            return self.host.ask(path + ("?" + urllib.parse.urlencode(variables) if variables else ""), headers=headers)
        if command is None and operation.command():
            schema = operation.command()
            command = {k: v["example"] for k, v in schema["properties"].items() if "example" in v and k in schema.get("required", [])}
        if operation.what.get("requestBody"):
            headers["Content-Type"] = FORM
        return self.host.ask(path, operation.method.upper(), form_of(operation, command, variables), headers)

    # What only answers well in a certain state, or would end the session of the test. The value: what is done instead.
    STATEFUL = {
        r"/datasource/by-uuid/\{uuid\}/(open|enable|pause|resume)_source": "in test_datasource_http.py",
        r"/datasource/add_source": "in test_datasource_http.py",
        r"/session/set_password": "in test_sessions.py",
        r"/session/logout": "in test_sessions.py",
        r"/streams/by-id/": "there is no stream",
        r"/auth/apikey/revoke": "there is no key",
        r"/session/check_setup_ok": "its status is its answer",
    }

    def stateful(self, operation):
        return any(re.search(pattern, operation.path) for pattern in self.STATEFUL)

    def test_every_path_answers_its_examples(self):
        asked = 0
        for o in self.document.operations(own):
            if self.stateful(o):
                continue
            with self.subTest(str(o)):
                command = None
                if "set_channel" in o.path:
                    command = {"channels": ["1", "6"]}
                if "apikey/generate" in o.path:
                    command = {**{k: v["example"] for k, v in o.command()["properties"].items()}, "name": o.path}
                if "/feed" in o.path:
                    command = {"frames": o.command()["properties"]["frames"]["example"]}
                reply = self.send(o, command=command)
                self.assertEqual(reply.status, 200, reply.octets[:300])
                asked += 1
                kind = reply.headers["Content-Type"].split(";")[0]
                content = o.what["responses"]["200"].get("content", {})
                self.assertTrue(kind in {c.split(";")[0] for c in content} or "*/*" in content, (kind, list(content)))
        self.assertGreater(asked, 40)

    def test_what_needs_a_state_is_told_by_name_and_never_missing(self):
        """The rest of the paths: they are routed, whatever they answer to."""
        for o in self.document.operations(own):
            if self.stateful(o) and not re.search("logout|set_password", o.path):
                with self.subTest(str(o)):
                    reply = self.send(o)
                    self.assertNotEqual(reply.status, 405)
                    self.assertNotIn(b"no such path", reply.octets)
                    self.assertNotIn(b"no such format", reply.octets)

    def test_results_are_what_the_schemas_say_and_no_more(self):
        checked = 0
        for o in self.document.operations(own):
            if o.method != "get" or self.stateful(o) or o.result() is None:
                continue
            reply = self.send(o)
            with self.subTest(str(o)):
                self.assertEqual(reply.status, 200, reply.octets[:300])
                self.assertIsNone(self.document.wrong(o.result(), json.loads(reply.octets)))
            checked += 1
        self.assertGreater(checked, 10)

    # What asks for a form of a list, and how that differs from the others: a command, variables, members but the list's.
    PAGE = {"last_page", "last_row", "total_row"}
    TABLE = {"draw", "recordsFiltered", "recordsTotal"}
    FORMS = [({}, {}, None), ({"wrapper": "aaData"}, {}, set()), ({}, {"page": "0", "size": "2"}, PAGE), ({"wrapper": "w"}, {"search": "lab"}, PAGE),
             ({"datatable": True}, {"draw": "3", "length": "2"}, TABLE), ({"datatable": True, "wrapper": "w"}, {}, TABLE)]

    def fits(self, schema, value):
        """The number of the one schema of oneOf that a value fits, as our own reading and that of jsonschema have it."""
        fits = [i for i, s in enumerate(schema["oneOf"]) if self.document.wrong(s, value) is None]
        try:
            import jsonschema
        except ImportError:
            pass
        else:
            resolver = jsonschema.RefResolver("", self.document.what)
            self.assertEqual([i for i, s in enumerate(schema["oneOf"]) if jsonschema.Draft4Validator(s, resolver=resolver).is_valid(value)], fits)
        self.assertEqual(len(fits), 1, fits)
        return fits[0]

    def test_lists_come_in_the_forms_that_their_schemas_tell(self):
        asked = set()
        for o in self.document.operations(own):
            schema = o.result() or {}
            keys = set((o.command() or {}).get("properties", {})) if o.method == "post" else set()
            names = {p["name"] for p in o.placed("query")}
            expected = 1 + ("wrapper" in keys) + ("page" in names) + ("datatable" in keys)
            with self.subTest(str(o)):
                self.assertEqual(len(schema.get("oneOf", [schema])), expected)
            if expected == 1:
                continue
            needed = {k: v["example"] for k, v in (o.command() or {}).get("properties", {}).items() if k in o.command().get("required", [])}
            for selected in ({}, {"fields": ["kismet.device.base.name", ["no.such", "x"], ["kismet.device.base.key", "kismet.device.base.manuf"]]}):
                for command, variables, others in self.FORMS:
                    command = {**command, **selected}
                    if not set(command) <= keys or not set(variables) <= names:
                        continue
                    with self.subTest(f"{o} {command} {variables}"):
                        path = o.url(lambda p: "-10000000" if p["name"] == "ts" else self.there(o, p))
                        if o.method == "get":
                            reply = self.host.ask(path + ("?" + urllib.parse.urlencode(variables) if variables else ""), headers=ADMIN)
                        else:
                            reply = self.host.ask(path, "POST", form_of(o, {**needed, **command}, variables.items()), {**ADMIN, "Content-Type": FORM})
                        value = json.loads(reply.octets)
                        form = schema["oneOf"][self.fits(schema, value)]
                        if others is None:
                            self.assertEqual((form["type"], type(value)), ("array", list))
                        else:
                            self.assertEqual(set(form.get("required", [])), others)
                            self.assertEqual(len(set(value) - others), 1)
                        asked.add((o.path, o.method, len(schema["oneOf"])))
        self.assertEqual(sorted({n for _, _, n in asked}), [2, 4])
        self.assertGreaterEqual(len(asked), 14)

    def test_every_record_is_offered_in_every_loaded_format(self):
        """But for what is written in one format by its nature: commands, and the description itself."""
        loaded = {row[0].strip(".") for row in Page(self.host.ask("/docs/formats.html").octets.decode()).rows[1:]}
        self.assertGreaterEqual(len(loaded), 8)
        records = [o for o in self.document.operations(own) if o.result() is not None and not re.search(r"\.j?cmd$|/openapi\.json$", o.path)]
        self.assertGreater(len(records), 60)
        for o in records:
            self.assertEqual(set(o.formats()), loaded, o)

    def test_every_format_that_is_listed_is_served(self):
        for o in self.document.operations(own):
            if self.stateful(o) or "list_interfaces" in o.path:
                continue
            for suffix in o.formats():
                if suffix:
                    with self.subTest(f"{o} {suffix}"):
                        reply = self.send(o, value_of=lambda p: suffix if "enum" in p.get("schema", {}) else self.there(o, p))
                        self.assertEqual(reply.status, 200, reply.octets[:200])

    def test_roles_are_asked_for_as_documented(self):
        for o in self.document.operations(own):
            with self.subTest(str(o)):
                anyone = not o.what["security"] or {} in o.what["security"]
                if anyone and (o.method != "get" or self.stateful(o) or "/session/check" in o.path):
                    continue
                reply = self.send(o, headers={})
                if anyone:
                    self.assertEqual(reply.status, 200, reply.octets[:200])
                else:
                    self.assertEqual(reply.status, 401, reply.octets[:200])
                    self.assertIn("401", o.what["responses"])

    def test_each_documented_way_to_log_in_works(self):
        o = next(o for o in self.document.operations() if o.path == "/datasource/list_interfaces.{format}" and o.method == "get")
        schemes = self.document.what["components"]["securitySchemes"]
        self.assertEqual([list(s) for s in o.what["security"]], [["session"], ["basic"], ["key"]])
        path = "/datasource/list_interfaces.json"
        first = self.host.ask(path, headers=ADMIN)
        name, token = first.headers["Set-Cookie"].split(";")[0].split("=", 1)
        self.assertEqual((schemes["session"]["in"], schemes["session"]["name"], schemes["basic"]["scheme"]), ("cookie", name, "basic"))
        self.assertEqual((schemes["key"]["in"], schemes["key"]["name"]), ("query", name))
        for reply in (first, self.host.ask(path, headers={"Cookie": f"{name}={token}"}), self.host.ask(f"{path}?{name}={token}")):
            self.assertEqual(reply.status, 200, reply.octets)
        self.assertEqual(self.host.ask(f"{path}?{name}={token[:-1]}").status, 401)

    def test_methods_that_are_not_listed_are_405(self):
        for path, item in self.document.what["paths"].items():
            o = next(o for o in self.document.operations() if o.path == path)
            if not own(o.owner):
                continue
            for method in METHODS:
                if method not in item:
                    with self.subTest(f"{method} {path}"):
                        reply = self.host.ask(o.url(lambda p: self.there(o, p)), method.upper(), headers=ADMIN)
                        self.assertEqual(reply.status, 405)
                        self.assertEqual(set(reply.headers["Allow"].lower().split(", ")) - {"head", "options"}, set(item))

    def test_endpoints_stand_under_the_first_part_of_their_paths_devices_first(self):
        text = self.host.ask("/docs/endpoints.html").octets.decode()
        page = Page(text)
        families, under = [], {}
        for level, title in page.titles:
            if level == "h2":
                families.append(title)
            elif level == "h3":
                path = "/" + title.partition("/")[2]
                under.setdefault(families[-1], []).append(path)
                self.assertEqual(families[-1], "/" + path[1:].rpartition("/")[0].partition("/")[0])
        self.assertEqual((families[0], families[-1]), ("/devices", "/"))
        self.assertEqual(families[1:-1], sorted(families[1:-1]))
        self.assertEqual(len(families), len(set(families)))
        self.assertEqual(under["/devices"][0], "/devices/summary/devices")
        self.assertIn("/devices/monitor.ws", under["/devices"], "whoever registered them")
        self.assertEqual(text.count("Module: "), sum(map(len, under.values())))
        self.assertIn("Module: aerie.live.", text)

    def test_page_and_document_list_the_same(self):
        """The page has an anchor per route: the number of its methods, its path, and its formats behind a dot."""
        page = Page(self.host.ask("/docs/endpoints.html").octets.decode())
        bits = {1: "get", 2: "post", 4: "put", 8: "delete"}
        listed = set()
        for anchor in page.ids:
            found = re.fullmatch(r"(\d+)(/.*?)(\.[a-z0-9|]*)?", anchor)
            if not found:
                continue
            shape = re.sub(r"/:[a-z0-9_]+", "/{}", found[2])
            rest = re.search(r"/\*[a-z0-9_]+$", shape)
            suffixes = [".{}"] if found[3] is None else ["." + s if s else "" for s in found[3][1:].split("|")]
            for suffix in suffixes:
                whole = shape[:rest.start()] + suffix + "/{}" if rest else shape + suffix
                listed |= {(method, whole) for bit, method in bits.items() if int(found[1]) & bit} or {("websocket", whole)}
        without_names = re.compile(r"\{[^}]*\}")
        self.assertEqual(listed, {(o.method, without_names.sub("{}", o.path)) for o in self.document.operations()} |
                         {("websocket", without_names.sub("{}", path)) for path in self.document.what["x-websockets"]})


class Properties(unittest.TestCase):
    """Requests made from the schemas: whatever they allow, and nothing is a failure of the server."""

    # Commands to sources answer 500 with the reason when a source cannot do it: the specification, "Controlling data sources".
    REASONS = re.compile(rb"ERROR: (the (source|channel|interfaces) w(as|ere) not|hopping was not)")

    def setUp(self):
        try:
            import hypothesis  # noqa: F401
        except ImportError:
            self.skipTest("there is no hypothesis")
        self.host = host()

    def tearDown(self):
        if hasattr(self, "host"):
            self.host.end()

    def values(self, schema, depth=0):
        from hypothesis import strategies as st
        schema = self.document.resolve(schema)
        kind = schema.get("type")
        text = st.text(alphabet=st.characters(blacklist_categories=("Cs",)), max_size=20)
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if "oneOf" in schema:
            return st.one_of([self.values(s, depth + 1) for s in schema["oneOf"]])
        if kind == "integer":
            return st.integers(schema.get("minimum", -2**63), schema.get("maximum", 2**63 - 1))
        if kind == "number":
            return st.one_of(st.integers(-2**40, 2**40), st.floats(allow_nan=False, allow_infinity=False))
        if kind == "boolean":
            return st.booleans()
        if kind == "array":
            return st.lists(self.values(schema.get("items", {}), depth + 1), min_size=schema.get("minItems", 0), max_size=min(4, schema.get("maxItems", 4)))
        if kind == "object" and schema.get("properties"):
            some = {k: self.values(v, depth + 1) for k, v in schema["properties"].items()}
            needed = set(schema.get("required", []))
            return st.fixed_dictionaries({k: v for k, v in some.items() if k in needed}, optional={k: v for k, v in some.items() if k not in needed})
        if kind == "string" and "pattern" in schema:
            return st.from_regex(schema["pattern"], fullmatch=False)
        if kind == "string":
            options = [text] + ([st.just(schema["example"])] if "example" in schema else [])
            return st.uuids().map(str) if schema.get("format") == "uuid" else st.one_of(options)
        return st.recursive(st.one_of(st.none(), st.booleans(), st.integers(-2**63, 2**63 - 1), text), lambda s: st.lists(s, max_size=3), max_leaves=5)

    def test_no_request_that_the_document_allows_is_a_failure_of_the_server(self):
        import hypothesis
        from hypothesis import strategies as st
        self.document = document(self.host)
        sent = {}
        settings = hypothesis.settings(max_examples=12, deadline=None, database=None, derandomize=True,
                                       suppress_health_check=list(hypothesis.HealthCheck))

        def check(o):
            paths = {p["name"]: self.values(p["schema"]).map(lambda v: v if v != "" else "x") for p in o.placed("path")}
            queries = {p["name"]: self.values(p.get("schema") or p["content"]["application/json"]["schema"]) for p in o.placed("query")}
            command = self.values(o.command()) if o.command() else st.none()

            @settings
            @hypothesis.given(st.fixed_dictionaries(paths), st.fixed_dictionaries({}, optional=queries), command, st.booleans())
            def run(path_values, query_values, command_value, as_form):
                known = {"uuid": PASSIVE} if query_values == {} else {}
                path = o.url(lambda p: {**path_values, **known}[p["name"]])
                if len(path) > 2000:
                    return
                query = urllib.parse.urlencode({k: v if isinstance(v, (str, int, float)) else json.dumps(v) for k, v in query_values.items()})
                headers, body = dict(ADMIN), None
                if o.method != "get" and o.what.get("requestBody"):
                    headers["Content-Type"] = FORM if as_form else "application/json"
                    body = form_of(o, command_value, query_values.items()) if as_form else json.dumps(command_value)
                reply = self.host.ask(path + ("?" + query if query else ""), o.method.upper(), body, headers)
                sent[reply.status] = sent.get(reply.status, 0) + 1
                if not self.REASONS.match(reply.octets):
                    self.assertLess(reply.status, 500, (str(o), path, query, body, reply.octets[:300]))
                self.assertNotEqual(reply.status, 405, (str(o), path))
            run()

        for o in self.document.operations(own):
            if not re.search("set_password|list_interfaces|add_source|logout", o.path):  # a login that changes, and what waits for programs
                check(o)
        self.assertGreater(sum(sent.values()), 300)
        self.assertGreater(sent[200], 50)
        self.assertGreater(sent[400], 20)


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = host()

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def page(self, path):
        reply = self.host.ask(path)
        self.assertEqual((reply.status, reply.headers["Content-Type"]), (200, "text/html; charset=utf-8"), path)
        return Page(reply.octets.decode())

    def test_pages_lead_only_to_what_is_there_and_load_nothing_from_elsewhere(self):
        self.walk(self.host, "")

    def test_pages_and_document_hold_behind_a_proxy_that_adds_a_prefix(self):
        behind = Host("-s", "httpd_uri_prefix=/radio/aerie", login=(USER, PASSWORD))
        try:
            behind.ready()
            self.walk(behind, "/radio/aerie")
            server = json.loads(behind.ask("/radio/aerie/system/openapi.json").octets)["servers"][0]["url"]
            base = urllib.parse.urljoin("http://h/radio/aerie/system/openapi.json", server)  # RFC 3986 5.2, as OpenAPI 3.0.3 "Server Object"
            self.assertEqual(base, "http://h/radio/aerie/")
            self.assertEqual(behind.ask(urllib.parse.urlsplit(base).path + "/system/timestamp.json").status, 200)
        finally:
            behind.end()

    def walk(self, on, prefix):
        """Follows every link of the pages."""
        seen, ids, anchors = set(), {}, set()
        todo = [prefix + path for path in ("/docs/", "/docs", "/system/endpoints.html", "/system/tracked_fields.html")]
        while todo:
            path = todo.pop()
            if path in seen:
                continue
            seen.add(path)
            reply = on.ask(path, headers=ADMIN)
            self.assertEqual(reply.status, 200, path)
            if not reply.headers["Content-Type"].startswith("text/html") or not path.startswith((prefix + "/docs", prefix + "/system/")):
                continue
            page = Page(reply.octets.decode())
            ids[path] = page.ids
            self.assertEqual(len(page.ids), len(set(page.ids)), path)
            for link in page.links + page.loaded:
                if link == "data:,":
                    continue
                whole = urllib.parse.urlsplit(urllib.parse.urljoin("http://h" + path, link))
                self.assertEqual(whole.netloc, "h", link)
                todo.append(whole.path)
                if whole.fragment:
                    anchors.add((whole.path, urllib.parse.unquote(whole.fragment)))
        self.assertLessEqual({prefix + path for path in ("/docs/endpoints.html", "/docs/fields.html", "/docs/records.html", "/docs/formats.html",
                                                         "/docs/docs.js", "/docs/docs.css", "/system/openapi.json", "/")}, seen)
        missing = [a for a in anchors if a[1] not in ids[a[0]]]
        self.assertEqual(missing, [])
        self.assertGreater(len(anchors), 200)

    def test_fields_page_has_every_field_with_all_that_is_known_of_it(self):
        rows = {r[0]: r for r in self.page("/docs/fields.html").rows[1:]}
        fields = self.host.get("/system/tracked_fields.json")
        self.assertEqual(len(rows), len(fields))
        for f in fields:
            row = rows[f["aerie.field.name"]]
            self.assertEqual(row[1:5], [f["aerie.field.type"], f["aerie.field.unit"], f["aerie.field.description"], f["aerie.field.owner"]])
        self.assertEqual(rows["kismet.device.base.tags"][5].split()[0].isdigit(), True)

    def test_records_page_nests_what_devices_nest(self):
        page = self.page("/docs/records.html")
        self.assertIn("phy80211.device", page.ids)
        rows = [r for r in page.rows if r[0] == "kismet.device.base.signal"]
        self.assertTrue(rows and all(r[1] == "map[field, x] of kismet.common.signal" for r in rows), rows)
        device = self.host.get("/devices/all_devices.json")[0]
        at, members = None, {}
        for r in page.rows:
            if r[0] == "Member":
                at = page.ids[len(members) + 2] if at is None else at  # the first ids are those of the search box
                members[len(members)] = set()
            else:
                members[len(members) - 1].add(r[0])
        self.assertTrue(any(set(device) <= m for m in members.values()))

    def test_tracked_fields_page_is_what_scripts_of_the_ecosystem_read(self):
        """kismet-compat B.3, System: title, heading, one table of four columns in the order of ids, and the names of types."""
        page = self.page("/system/tracked_fields.html")
        self.assertEqual(page.titles, [("title", "Kismet Server - Tracked Fields"), ("h2", "Kismet field descriptions")])
        self.assertEqual(page.rows[0], ["Name", "ID", "Type", "Description"])
        fields = self.host.get("/system/tracked_fields.json")
        self.assertEqual([r[:2] + r[3:] for r in page.rows[1:]],
                         [[f["aerie.field.name"], str(f["aerie.field.id"]), f["aerie.field.description"]] for f in fields])
        kinds = re.compile(r"(string|u?int(8|16|32|64)_t|float|double|mac_addr|uuid|devicekey|bytearray|"
                           r"vector\[(x|double|string|u?int64_t|devicekey)\]|"
                           r"map\[(field|int|macaddr|string|double|key|uuid), x\]|"
                           r"map\[(int|macaddr|string|double|key|uuid),(double|string|u?int64_t|devicekey)\])/\d+")
        for row in page.rows[1:]:
            self.assertRegex(row[2], kinds)
            self.assertTrue(kinds.fullmatch(row[2]), row)

    @unittest.skipUnless(shutil.which("chromium"), "there is no chromium")
    def test_search_works_in_a_browser_under_the_policy_of_the_page(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                                   "--disable-background-networking", "--disable-component-update", "--disable-sync",
                                   "--user-data-dir=" + folder, "--dump-dom",
                                   f"http://127.0.0.1:{self.host.port}/docs/fields.html?q=device.base%20macaddr"],
                                  capture_output=True, timeout=PATIENCE, text=True)
        shown = re.findall(r'<tr id="([^"]+)"(?! hidden)', done.stdout)
        hidden = re.findall(r'<tr id="([^"]+)" hidden', done.stdout)
        self.assertIn("kismet.device.base.macaddr", shown, done.stderr[-2000:])
        self.assertIn("kismet.device.base.key", hidden)
        self.assertLess(len(shown), len(hidden))
        self.assertRegex(done.stdout, rf'<span id="found"[^>]*>{len(shown)} of {len(shown) + len(hidden)}<')


if __name__ == "__main__":
    unittest.main()
