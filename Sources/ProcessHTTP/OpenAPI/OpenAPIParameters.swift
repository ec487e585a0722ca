/// The parameters and header fields that operations of the OpenAPI document refer to.
enum OpenAPIParameters {
    /// The value of `components.parameters`.
    static let json = #"""
        {
          "id": {"name": "id", "in": "path", "required": true, "schema": {"$ref": "#/components/schemas/Identifier"}},
          "ids": {"name": "id", "in": "query", "required": true, "description": "Repeated or separated by commas.",
            "schema": {"type": "array", "minItems": 1, "maxItems": 500,
              "items": {"$ref": "#/components/schemas/Identifier"}}},
          "fields": {"name": "fields", "in": "query", "explode": false,
            "description": "The members of a process to show; all of them where nothing is said.",
            "schema": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/FieldName"}}},
          "status": {"name": "status", "in": "query", "explode": false,
            "schema": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Status"}}},
          "kind": {"name": "kind", "in": "query", "explode": false,
            "schema": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Identifier"}}},
          "queue": {"name": "queue", "in": "query", "explode": false,
            "schema": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Identifier"}}},
          "metadata": {"name": "metadata", "in": "query",
            "description": "Sent as metadata.KEY=text, once for each label that a process must have.",
            "style": "form", "explode": true,
            "schema": {"type": "object", "additionalProperties": false,
              "patternProperties": {"^metadata\\.[A-Za-z0-9._:~-]{1,128}$": {"type": "string"}}}},
          "created_after": {"name": "created_after", "in": "query", "description": "Exclusive.",
            "schema": {"$ref": "#/components/schemas/Timestamp"}},
          "created_before": {"name": "created_before", "in": "query", "description": "Exclusive.",
            "schema": {"$ref": "#/components/schemas/Timestamp"}},
          "order": {"name": "order", "in": "query",
            "schema": {"type": "string", "enum": ["newest", "oldest"], "default": "newest"}},
          "limit": {"name": "limit", "in": "query", "description": "More than 1000 is taken as 1000.",
            "schema": {"type": "integer", "minimum": 1, "default": 100}},
          "cursor": {"name": "cursor", "in": "query", "description": "The next_cursor of the page before.",
            "schema": {"type": "string"}},
          "older_than": {"name": "older_than", "in": "query",
            "description": "What finished longer ago goes. Without it each process goes by its own retain or the server's.",
            "schema": {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)?$"}},
          "dry_run": {"name": "dry_run", "in": "query", "description": "Count only.",
            "schema": {"type": "boolean", "default": false}},
          "force": {"name": "force", "in": "query",
            "description": "Removes what has a retain of its own, too; allows status to hold pending and running.",
            "schema": {"type": "boolean", "default": false}},
          "corrupt": {"name": "corrupt", "in": "query",
            "description": "Removes records that cannot be read, and nothing else; needs force.",
            "schema": {"type": "boolean", "default": false}},
          "cancel_force": {"name": "force", "in": "query", "description": "Does not wait for the worker.",
            "schema": {"type": "boolean", "default": false}},
          "children": {"name": "children", "in": "query",
            "description": "Cancels what has not finished below it, too, through all levels.",
            "schema": {"type": "boolean", "default": false}},
          "include": {"name": "include", "in": "query", "explode": false,
            "description": "What to show besides the process; such an answer has no ETag.",
            "schema": {"type": "array", "items": {"enum": ["children"]}}},
          "Prefer": {"name": "Prefer", "in": "header",
            "description": "wait=20 holds the answer for up to so many seconds; more than 60 are taken as 60.",
            "schema": {"type": "string"}},
          "If-Match": {"name": "If-Match", "in": "header",
            "description": "Revisions in quotes, or *: otherwise the process is left as it is.",
            "schema": {"type": "string"}},
          "If-None-Match": {"name": "If-None-Match", "in": "header",
            "description": "Revisions in quotes: 304 where the process is still at one of them.",
            "schema": {"type": "string"}},
          "Idempotency-Key": {"name": "Idempotency-Key", "in": "header",
            "description": "The same key with the same body starts one process, however often it is sent.",
            "schema": {"$ref": "#/components/schemas/Identifier"}},
          "traceparent": {"name": "traceparent", "in": "header",
            "description": "W3C Trace Context, kept with the process.", "schema": {"type": "string"}}
        }
        """#

    /// The value of `components.headers`.
    static let headers = #"""
        {
          "ETag": {"description": "The revision of the process, in quotes.", "schema": {"type": "string"}},
          "Location": {"description": "Where to look at the process.", "schema": {"type": "string"}},
          "Retry-After": {"description": "Seconds after which a look is worth it.",
            "schema": {"type": "integer", "minimum": 1}},
          "Preference-Applied": {"description": "wait=n: for how long the answer may have been held.",
            "schema": {"type": "string"}},
          "Idempotency-Replayed": {"description": "Sent where the key came before.", "schema": {"const": "true"}},
          "X-Request-Id": {"description": "The id that was sent, or one that was made.",
            "schema": {"$ref": "#/components/schemas/Identifier"}}
        }
        """#
}
