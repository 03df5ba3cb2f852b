# SPDX-License-Identifier: Apache-2.0
"""The description of the REST API as a test uses it: answers against their schemas. Of JSON Schema what
server/openapi.json needs; a word that is not known here is an error, so nothing is skipped in silence. Members that
the schema does not name are errors, too, unless it says additionalProperties."""
import json
import os
import re

from program import Failure, expect

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "server", "openapi.json")
SILENT = {"description", "default", "summary"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
         "integer": int, "number": (int, float)}


def is_of_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


class Description:
    """OpenAPI 3.1"""

    def __init__(self, text):
        self.root = json.loads(text)

    @staticmethod
    def of_the_source():
        with open(PATH, encoding="utf-8") as f:
            return Description(f.read())

    def operations(self):
        """{(METHOD, path): operation}"""
        return {(method.upper(), path): operation for path, item in self.root["paths"].items()
                for method, operation in item.items() if method != "parameters"}

    def resolve(self, node):
        while "$ref" in node:
            at = self.root
            for part in node["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            node = {**at, **{k: v for k, v in node.items() if k != "$ref"}}
        return node

    def references(self, node=None):
        """all there are"""
        node = self.root if node is None else node
        if isinstance(node, dict):
            if "$ref" in node:
                yield node["$ref"]
            node = list(node.values())
        for child in node if isinstance(node, list) else ():
            yield from self.references(child)

    # ---- one answer

    def check(self, method, path, answer):
        """that an answer is one of those described: its status, its type, its body"""
        operation = self.operations()[(method, path)]
        what = "%s %s: %d" % (method, path, answer.status)
        responses = operation["responses"]
        described = responses.get(str(answer.status)) or (responses.get("default") if answer.status >= 400 else None)
        expect(described, "%s is not among its answers: %s" % (what, answer.text[:300]))
        described = self.resolve(described)
        for name, header in described.get("headers", {}).items():
            expect(not header.get("required") or answer.headers.get(name), "%s has no header %s" % (what, name))
        content = described.get("content")
        if not content:
            expect(not answer.body, "%s has a body: %s" % (what, answer.text[:100]))
            return
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        expect(kind in content, "%s is %s, described are %s" % (what, kind, ", ".join(content)))
        if kind.endswith("json"):
            self.check_value(answer.json, content[kind]["schema"], what)

    def check_value(self, value, schema, where):
        schema = self.resolve(schema)
        if "allOf" in schema:
            schema = self.merge(schema)
        known = SILENT | {"type", "enum", "const", "oneOf", "minimum", "maximum", "pattern", "items", "properties",
                          "required", "additionalProperties"}
        expect(set(schema) <= known, "%s: the test does not know %s" % (where, set(schema) - known))
        if "oneOf" in schema:
            fitting = [s for s in schema["oneOf"] if self.fits(value, s)]
            expect(len(fitting) == 1, "%s: %d of oneOf fit %r" % (where, len(fitting), value))
            return
        self.check_scalar(value, schema, where)
        if isinstance(value, list):
            for number, item in enumerate(value):
                self.check_value(item, schema["items"], "%s[%d]" % (where, number))
        if isinstance(value, dict):
            self.check_object(value, schema, where)

    @staticmethod
    def check_scalar(value, schema, where):
        names = schema.get("type", [])
        names = [names] if isinstance(names, str) else names
        expect(not names or any(is_of_type(value, name) for name in names),
               "%s: %r is no %s" % (where, value, " or ".join(names)))
        expect("enum" not in schema or value in schema["enum"], "%s: %r is none of %s" % (where, value, schema.get("enum")))
        expect("const" not in schema or value == schema["const"], "%s: %r is not %s" % (where, value, schema.get("const")))
        if value is None or isinstance(value, bool):
            return
        expect("minimum" not in schema or value >= schema["minimum"], "%s: %r is too small" % (where, value))
        expect("maximum" not in schema or value <= schema["maximum"], "%s: %r is too big" % (where, value))
        expect("pattern" not in schema or re.search(schema["pattern"], value),
               "%s: %r is not like %s" % (where, value, schema.get("pattern")))

    def check_object(self, value, schema, where):
        properties = schema.get("properties", {})
        missing = [name for name in schema.get("required", ()) if name not in value]
        expect(not missing, "%s: there is no %s" % (where, ", ".join(missing)))
        others = schema.get("additionalProperties", False)
        for name, member in value.items():
            if name in properties:
                self.check_value(member, properties[name], "%s.%s" % (where, name))
            elif isinstance(others, dict):
                self.check_value(member, others, "%s.%s" % (where, name))
            else:
                expect(others, "%s: %s is not described" % (where, name))

    def merge(self, schema):
        """allOf of objects, as one"""
        merged = {"type": "object", "properties": {}, "required": []}
        for part in map(self.resolve, schema["allOf"]):
            merged["properties"].update(part["properties"])
            merged["required"] += part.get("required", [])
        return merged

    def fits(self, value, schema):
        try:
            self.check_value(value, schema, "")
        except Failure:
            return False
        return True
