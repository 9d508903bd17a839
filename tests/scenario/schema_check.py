"""Prints for each file "accepts FILE", "rejects FILE" or "unreadable FILE", as a JSON Schema judges it.

usage: schema_check.py SCHEMA FILE...
"""
import json
import sys

import jsonschema
import yaml


def with_text_keys(value):
    """JSON has text keys only; YAML 1.1 makes booleans and numbers of some."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else json.dumps(key): with_text_keys(item) for key, item in value.items()}
    return [with_text_keys(item) for item in value] if isinstance(value, list) else value


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in sys.argv[2:]:
        try:
            with open(path, encoding="utf-8") as file:
                tree = with_text_keys(yaml.safe_load(file))
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
            print("unreadable", path)
            continue
        print("accepts" if validator.is_valid(tree) else "rejects", path)


main()
