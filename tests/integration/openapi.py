# SPDX-License-Identifier: MIT
"""An OpenAPI 3.0 document as a client reads it: operations, requests made from schemas and examples, and whether a value is what
its schema says. Sources: OpenAPI 3.0.3 "Paths Object", "Parameter Object", "Schema Object"."""
import json
import re
import urllib.parse

METHODS = ("get", "post", "put", "delete")


class Operation:
    def __init__(self, document, path, method, what):
        self.document, self.path, self.method, self.what = document, path, method, what
        self.owner = what["tags"][0]
        self.parameters = what.get("parameters", [])

    def __str__(self):
        return f"{self.method.upper()} {self.path}"

    def placed(self, where):
        return [p for p in self.parameters if p["in"] == where]

    def body(self, media):
        """The schema of a body of this type, or None."""
        content = self.what.get("requestBody", {}).get("content", {}).get(media)
        return content and self.document.resolve(content["schema"])

    def command(self):
        return self.body("application/json")

    def result(self, media="application/json"):
        content = self.what["responses"]["200"].get("content", {}).get(media)
        return content and content["schema"]

    def formats(self):
        """What {format} may be; [None] when the path has no such part."""
        for p in self.placed("path"):
            if p["name"] in ("format", "suffix") and "enum" in p["schema"]:
                return p["schema"]["enum"]
        return [None]

    def url(self, value_of):
        """The path with its parameters; value_of gives each one's value by its declaration."""
        path = self.path
        for p in self.placed("path"):
            path = path.replace("{%s}" % p["name"], urllib.parse.quote(str(value_of(p)), safe="/" if p.get("x-rest") else ""))
        return path


class Document:
    def __init__(self, what):
        self.what = what

    def resolve(self, schema):
        while isinstance(schema, dict) and "$ref" in schema:
            at = self.what
            for part in schema["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            schema = at
        return schema

    def operations(self, owners=lambda owner: True):
        for path, item in self.what["paths"].items():
            for method, what in item.items():
                operation = Operation(self, path, method, what)
                if owners(operation.owner):
                    yield operation

    def properties(self, schema):
        """What the maps of a schema may hold, through references, allOf and anyOf; None: anything."""
        schema = self.resolve(schema)
        if "anyOf" in schema:
            schema = {"allOf": schema["anyOf"]}
        if "allOf" in schema:
            parts = [self.properties(s) for s in schema["allOf"]]
            return None if None in parts else {k: v for part in parts for k, v in part.items()}
        return schema.get("properties")

    def wrong(self, schema, value, at=""):
        """Why the value is not what the schema says, and no more than it says; None when it is."""
        schema = self.resolve(schema)
        if "allOf" in schema and len(schema["allOf"]) == 1:
            return self.wrong(schema["allOf"][0], value, at)
        if "anyOf" in schema:
            reasons = [self.wrong(s, value, at) for s in schema["anyOf"]]
            return None if None in reasons else reasons[-1]
        if "oneOf" in schema:
            n = sum(self.wrong(s, value, at) is None for s in schema["oneOf"])
            return None if n == 1 else f"{at}: fits {n} of {schema['oneOf']}"
        kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}
        kind = "object" if "allOf" in schema else schema.get("type")
        if kind is None:
            return None
        if not isinstance(value, kinds[kind]) or (isinstance(value, bool) and kind != "boolean"):
            return f"{at}: {value!r:.80} is no {kind}"
        if "enum" in schema and value not in schema["enum"]:
            return f"{at}: {value!r:.80} is none of {schema['enum']}"
        if kind == "object":
            return self.wrong_map(schema, value, at)
        if kind == "array":
            if len(value) > schema.get("maxItems", len(value)) or len(value) < schema.get("minItems", 0):
                return f"{at}: {len(value)} elements"
            return next(filter(None, (self.wrong(schema["items"], v, f"{at}[{i}]") for i, v in enumerate(value))), None)
        if kind in ("integer", "number") and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            return f"{at}: {value} is out of range"
        if kind == "string":
            if "pattern" in schema and not re.search(schema["pattern"], value):
                return f"{at}: {value!r:.80} does not match {schema['pattern']}"
            if schema.get("format") == "uuid" and not re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", value):
                return f"{at}: {value!r:.80} is no UUID"
        return None

    def wrong_map(self, schema, value, at):
        missing = [k for k in schema.get("required", []) if k not in value]
        if missing:
            return f"{at}: {missing} are missing"
        if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)):
            return f"{at}: {len(value)} members"
        if "additionalProperties" in schema:
            known = schema.get("properties", {})
            return next(filter(None, (self.wrong(known.get(k, schema["additionalProperties"]), v, f"{at}/{k}") for k, v in value.items())), None)
        properties = self.properties(schema)
        if properties is None:
            return None
        for k, v in value.items():
            if k not in properties:
                return f"{at}/{k} is not documented"
            why = self.wrong(properties[k], v, f"{at}/{k}")
            if why:
                return why
        return None


def example_of(parameter):
    """The documented example of a parameter."""
    schema = parameter.get("schema") or parameter["content"]["application/json"]["schema"]
    return schema.get("example")


def form_of(operation, command, variables=()):
    """A form body with this command, and these variables."""
    pairs = [("json", json.dumps(command))] if command is not None else []
    return urllib.parse.urlencode(pairs + list(variables))
