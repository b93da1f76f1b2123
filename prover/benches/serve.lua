-- Each request with the next token of the list; each thread has its own part of it.
local threads = 0

function setup(thread)
  thread:set("part", threads)
  threads = threads + 1
end

function init()
  tokens = {}
  local line = 0
  for token in io.lines(os.getenv("POR_TOKENS")) do
    if line % 2 == part then tokens[#tokens + 1] = token end
    line = line + 1
  end
  at = 0
end

function request()
  at = at + 1
  return wrk.format("GET", nil, { Authorization = "Bearer " .. (tokens[at] or "none") })
end
