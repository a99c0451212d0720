-- One exchange of a process with the line; see sqlite_line.py, which does the same in SQL.
-- KEYS[1]: prefix of all keys. ARGV[1]: the request, as JSON. Returns the answer, as JSON.
--
-- owners   sorted set   process -> when its lease ends (ms)
-- own:P    set          places of process P; a place is called "P:number"
-- users    hash         place -> user
-- running  set          places that run
-- busy     hash         user -> how many of theirs run
-- line     sorted set   user who has turns waiting -> ticket: the order of users
-- wait:U   list         waiting places of user U, in their order
-- news:P   hash         place number -> "admitted" or "refused", which P does not know yet
-- tickets, mean, held   counter; seconds that turns have run of late; there while nobody is let in
local base = KEYS[1]
local request = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function key(name) return base .. name end
local function ticket() return redis.call('INCR', key('tickets')) end
local function call(command, name, ...) return redis.call(command, key(name), ...) end

local function split(place) return place:match('^(.*):(%d+)$') end

local function tell(place, what)
  local owner, number = split(place)
  call('HSET', 'news:' .. owner, number, what)
end

local function leave_line(user)
  if call('LLEN', 'wait:' .. user) == 0 then call('ZREM', 'line', user) end
end

local function to_the_end(user)
  if call('ZSCORE', 'line', user) then call('ZADD', 'line', ticket(), user) end
end

local function run(place, user)
  call('SADD', 'running', place)
  call('HINCRBY', 'busy', user, 1)
end

local function may_run(user)
  return tonumber(call('HGET', 'busy', user) or 0) < request.per_user
end

local function free_slots()
  if redis.call('EXISTS', key('held')) == 1 then return 0 end
  return request.slots - call('SCARD', 'running')
end

local function waiting()
  return call('HLEN', 'users') - call('SCARD', 'running')
end

local function forget_place(place)
  local owner = split(place)
  local user = call('HGET', 'users', place)
  if not user then return false end
  call('HDEL', 'users', place)
  call('SREM', 'own:' .. owner, place)
  if call('SREM', 'running', place) == 1 then
    if call('HINCRBY', 'busy', user, -1) <= 0 then call('HDEL', 'busy', user) end
    to_the_end(user)
  else
    call('LREM', 'wait:' .. user, 1, place)
    leave_line(user)
  end
  return true
end

local function by_number(one, other)
  return tonumber(select(2, split(one))) < tonumber(select(2, split(other)))
end

local function forget(owner)
  local places = call('SMEMBERS', 'own:' .. owner)
  table.sort(places, by_number)
  for _, place in ipairs(places) do forget_place(place) end
  redis.call('DEL', key('own:' .. owner), key('news:' .. owner))
  call('ZREM', 'owners', owner)
end

local function admit_next(user)
  local place = call('LPOP', 'wait:' .. user)
  run(place, user)
  tell(place, 'admitted')
  to_the_end(user)
  leave_line(user)
end

-- Go round the users, each being let in once a round, until no slot is left to give.
local function admit()
  local free = free_slots()
  local progress = true
  while free > 0 and progress do
    progress = false
    for _, user in ipairs(call('ZRANGE', 'line', 0, -1)) do
      if free > 0 and may_run(user) then
        admit_next(user)
        free = free - 1
        progress = true
      end
    end
  end
end

local function wait(place, user)
  call('RPUSH', 'wait:' .. user, place)
  call('ZADD', 'line', 'NX', ticket(), user)
end

local function longest_line()
  local longest, most = nil, 0
  for _, user in ipairs(call('ZRANGE', 'line', 0, -1)) do
    local turns = call('LLEN', 'wait:' .. user)
    if turns >= most then longest, most = user, turns end
  end
  return longest, most
end

-- If the line is full, whoever has most turns there gives up the last.
local function make_room(user)
  if waiting() < request.waiting then return true end
  local longest, most = longest_line()
  if not longest or most <= call('LLEN', 'wait:' .. user) + 1 then return false end
  local place = call('LINDEX', 'wait:' .. longest, -1)
  tell(place, 'refused')
  forget_place(place)
  return true
end

local function enter(entry)
  local place, user = request.owner .. ':' .. entry.number, entry.user
  if entry.state == 0 then
    local is_free = free_slots() > 0 and may_run(user)
    if not is_free and not make_room(user) then
      tell(place, 'refused')
      return
    end
    if is_free then
      entry.state = 2
      tell(place, 'admitted')
    end
  end
  call('HSET', 'users', place, user)
  call('SADD', 'own:' .. request.owner, place)
  if entry.state == 2 then run(place, user) else wait(place, user) end
end

-- Where the owner's turns stand if nobody else comes and everybody may run.
local function positions()
  local lines, found, position, round = {}, {}, 0, 0
  for _, user in ipairs(call('ZRANGE', 'line', 0, -1)) do
    table.insert(lines, call('LRANGE', 'wait:' .. user, 0, -1))
  end
  repeat
    local progress = false
    round = round + 1
    for _, line in ipairs(lines) do
      if line[round] then
        progress = true
        position = position + 1
        local owner, number = split(line[round])
        if owner == request.owner then table.insert(found, {tonumber(number), position}) end
      end
    end
  until not progress
  return found
end

for _, owner in ipairs(redis.call('ZRANGEBYSCORE', key('owners'), '-inf', '(' .. now)) do
  forget(owner)
end
if request.withdrawing then
  forget(request.owner)
  admit()
  return '{}'
end
if request.joining then
  forget(request.owner)
elseif not call('ZSCORE', 'owners', request.owner) then
  return '{"unknown": true}'
end
call('ZADD', 'owners', now + request.lease, request.owner)
for _, left in ipairs(request.leaving) do
  local was_there = forget_place(request.owner .. ':' .. left.number)
  if was_there and type(left.seconds) == 'number' then
    local mean = tonumber(redis.call('GET', key('mean')) or left.seconds)
    redis.call('SET', key('mean'), tostring(mean + request.weight * (left.seconds - mean)))
  end
end
for _, entry in ipairs(request.entering) do
  if entry.state ~= 0 then
    enter(entry)
    if request.hold > 0 then redis.call('SET', key('held'), 1, 'PX', request.hold) end
  end
end
admit()
for _, entry in ipairs(request.entering) do
  if entry.state == 0 then enter(entry) end
end
local news = call('HGETALL', 'news:' .. request.owner)
redis.call('DEL', key('news:' .. request.owner))
local mean = redis.call('GET', key('mean'))
return cjson.encode({
  news = news,
  positions = request.looking and positions() or {},
  waiting = waiting(),
  mean = mean and tonumber(mean) or cjson.null,
})
