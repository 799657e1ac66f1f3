-- The load of one path, as a plan tells (`harness/plan.py`). One thread, many connections.
--
-- Stateful paths need no connection of their own: what an answer brings (a code, a refresh token)
-- goes to the end of a queue, and the next request takes the front of it.

local plan = dofile(os.getenv("BENCHMARK_PLAN"))
local first, last, queue = 1, 0, {}
local turn = 0
position = plan.position or 0
local sample
operations, errors, unavailable, ahead = 0, 0, 0, 0
first_error = ""

local function put(value)
  last = last + 1
  queue[last] = value
end

local function take()
  if first > last then return nil end
  local value = queue[first]
  queue[first] = nil
  first = first + 1
  return value
end

-- A request is its head, and a body of which one part changes.
local function post(template, value)
  local length = #template.before + #value + #template.after
  return template.head .. "Content-Length: " .. length .. "\r\n\r\n"
    .. template.before .. value .. template.after
end

local function with_header(template, value)
  return template.head .. template.before .. value .. "\r\n\r\n"
end

local function fail(status, headers, body)
  if status == 503 then unavailable = unavailable + 1 else errors = errors + 1 end
  if first_error == "" then
    first_error = status .. " " .. string.sub(headers["Location"] or headers["location"] or "", 1, 200)
      .. " " .. string.sub(body or "", 1, 200)
  end
end

local function keep(body)
  operations = operations + 1
  if sample and operations % plan.sample_every == 0 then
    sample:write((string.gsub(body, "%s*\n%s*", "")), "\n")
    sample:flush()
  end
end

local requests, responses = {}, {}

function requests.fixed() return plan.request end

function responses.fixed(status, headers, body)
  if status == 200 and string.find(body, plan.expect, 1, true) then keep(body)
  else fail(status, headers, body) end
end

function requests.list()
  position = position % #plan.values + 1
  local value = plan.values[position]
  if plan.value_in_header then return with_header(plan.template, value) end
  return post(plan.template, value)
end

responses.list = responses.fixed

function requests.refresh()
  local token = take()
  if not token then
    -- More connections than chains, or chains were lost: nothing to ask that could succeed.
    ahead = ahead + 1
    return plan.idle
  end
  return post(plan.template, token)
end

function responses.refresh(status, headers, body)
  local token = status == 200 and string.match(body, '"refresh_token"%s*:%s*"([^"]+)"')
  if token and string.find(body, plan.expect, 1, true) then
    put(token)
    keep(body)
  elseif not string.find(body, plan.idle_answer, 1, true) then fail(status, headers, body) end
end

function requests.login()
  local code = take()
  if code then return post(plan.template, code) end
  turn = turn % #plan.authorize + 1
  return plan.authorize[turn]
end

function responses.login(status, headers, body)
  if status == 302 or status == 303 then
    local code = string.match(headers["Location"] or headers["location"] or "", "[?&]code=([^&]+)")
    if code then put(code) else fail(status, headers, body) end
  elseif status == 200 and string.find(body, plan.expect, 1, true) then keep(body)
  else fail(status, headers, body) end
end

-- A whole visit: authorization request, exchange, refresh with less scope, revocation. Whatever is
-- furthest goes first. The scope of an answer tells a refresh from an exchange.
local refreshed, exchanged = {}, {}

function requests.visit()
  local token = table.remove(refreshed)
  if token then return post(plan.revocation, token) end
  token = table.remove(exchanged)
  if token then return post(plan.refreshing, token) end
  return requests.login()
end

function responses.visit(status, headers, body)
  local token = status == 200 and string.match(body, '"refresh_token"%s*:%s*"([^"]+)"')
  if token and string.find(body, plan.less_scope, 1, true) then table.insert(refreshed, token)
  elseif token then table.insert(exchanged, token)
  elseif status == 200 and body == "" then keep(body)
  elseif status == 303 then responses.login(status, headers, body)
  else fail(status, headers, body) end
end

-- Without a look at the answers the load generator is several times as fast: for plain bytes.
if plan.expect ~= "" then
  request = requests[plan.kind]
  response = responses[plan.kind]
end

if plan.pause_ms then
  function delay() return math.floor(math.random() * 2 * plan.pause_ms + 0.5) end
end

local threads = {}
function setup(thread) table.insert(threads, thread) end

function init()
  math.randomseed(plan.seed)
  for _, token in ipairs(plan.chains or {}) do put(token) end
  if plan.values_file then
    plan.values = {}
    for line in io.lines(plan.values_file) do table.insert(plan.values, line) end
  end
  if plan.sample_file then sample = io.open(plan.sample_file, "w") end
end

local function quoted(text)
  return '"' .. string.gsub(text, '[%c"\\]', " ") .. '"'
end

function done(summary, latency)
  local thread = threads[1]
  local wrong = thread:get("errors") + summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.timeout
  local count = thread:get("operations")
  if plan.values_file then
    local file = io.open(plan.values_file .. ".position", "w")
    file:write(thread:get("position"))
    file:close()
  end
  if plan.expect == "" then
    count = summary.requests
    wrong = wrong + summary.errors.status
  end
  io.write(string.format(
    '\nRESULT {"requests": %d, "operations": %d, "seconds": %.6f, "errors": %d, "unavailable": %d, "idle": %d, '
      .. '"p50_ms": %.3f, "p99_ms": %.3f, "error": %s}\n',
    summary.requests, count, summary.duration / 1e6, wrong, thread:get("unavailable"),
    thread:get("ahead"),
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    quoted(thread:get("first_error"))))
end
