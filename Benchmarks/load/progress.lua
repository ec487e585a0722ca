-- POST /progress with numbers, as workers report them, on each process of a file of ids in turn.
local requests = {}
local last = 0

function init(arguments)
    wrk.headers["Content-Type"] = "application/json"
    for id in io.lines(arguments[1]) do
        requests[#requests + 1] = wrk.format("POST", "/progress/" .. id, nil, '{"done":42,"total":100}')
    end
end

function request()
    last = last % #requests + 1
    return requests[last]
end
