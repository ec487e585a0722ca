-- POST /start with the body of an ordinary caller: a kind and a payload of 64 bytes.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"kind":"report","input":{"customer":42,"note":"sixty-four bytes of payload, no more..."}}'
