-- What workers do: POST /claim, then POST /complete of what was claimed, on whichever connection is free.
local headers = {["Content-Type"] = "application/json"}
local claimed = {}
local threads = {}
completed, dry = 0, 0

function setup(thread)
  threads[#threads + 1] = thread
end

function init()
  claim = wrk.format("POST", "/claim", headers, '{"queues":["bench"],"worker":"wrk"}')
end

function request()
  local id = table.remove(claimed)
  if not id then return claim end
  return wrk.format("POST", "/complete/" .. id, headers, '{"attempt":1}')
end

function response(status, _, body)
  if status ~= 200 then return end
  local id = body:match('^{"processes":%[{"process_id":"([^"]+)"')
  if id then
    claimed[#claimed + 1] = id
  elseif body:find('{"processes":[]', 1, true) == 1 then
    dry = dry + 1
  else
    completed = completed + 1
  end
end

function done(summary)
  local sum, empty = 0, 0
  for _, thread in ipairs(threads) do
    sum = sum + thread:get("completed")
    empty = empty + thread:get("dry")
  end
  print(string.format("Cycles/sec: %.2f", sum / summary.duration * 1000000))
  print(string.format("Empty claims: %d", empty))
end
