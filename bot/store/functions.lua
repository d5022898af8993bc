-- The atomic steps of the store. Loaded as a function library whose name carries a digest of this text, so that
-- two versions of the bot can work side by side. KEYS[1] is always the prefix of one queue (see keys.py).
--
-- Every step may be run again without harm: redis clients repeat a call whose answer was lost.

local SEEN_TTL_S = 12 * 86400
local LANGUAGE_TTL_S = 365 * 86400
-- A repeated item of a box is looked for among so many of the last: nothing else is sent there before it arrived.
local MAIL_COMPARED = 100
local MAIL_NEWS_KEPT = 1000

local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- An outgoing entry is '<id> <json>': its id can be compared without decoding it.
local function same_entry(a, b)
  return a and b and string.match(a, '^%S+') == string.match(b, '^%S+')
end

-- out: {channel, lane, entry, entry ...} for each lane.
local function put_out(p, out, now)
  for _, o in ipairs(out) do
    local channel, lane = o[1], o[2]
    redis.call('RPUSH', p .. 'out:' .. lane, unpack(o, 3))
    -- A lane in flight is looked at again when its sender settles.
    if not redis.call('ZSCORE', p .. 'fly:' .. channel, lane) then
      redis.call('ZADD', p .. 'due:' .. channel, 'NX', now, lane)
    end
  end
end

-- nil when the decision still fits the stored case; otherwise what the caller must decide on instead.
local function stale(p, c)
  if not c.doc then return nil end
  local case_key = p .. 'case:' .. c.id
  if c.expect == 0 then
    local open = redis.call('HGET', p .. 'open', c.lane)
    if open and open ~= c.past then
      if string.sub(open, 1, 1) == '>' then return open end
      return { open, redis.call('LINDEX', p .. 'case:' .. open, 0) }
    end
    if redis.call('EXISTS', case_key) == 1 then return '!taken' end
    return nil
  end
  local doc = redis.call('LINDEX', case_key, 0)
  if not doc then return '' end
  if tonumber(string.match(doc, '^%d+')) ~= c.expect then return { c.id, doc } end
  if c.goes_on then
    local open = redis.call('HGET', p .. 'open', c.lane)
    if open and open ~= c.past and open ~= c.id then return '!taken' end
  end
  return nil
end

-- What the commits of one call share: read once at its beginning, written once at its end.
local function begin(p, head)
  local batch = {
    p = p, now = now_ms(), older = {}, counts = {}, tally = {},
    seen_key = p .. 'seen:' .. head.periods[1], line_key = p .. 'waiting', events_key = p .. 'events',
    waiting = redis.call('ZCARD', p .. 'waiting'), agents = redis.call('HLEN', p .. 'duty'),
    held = tonumber(redis.call('HGET', p .. 'tally', 'claimed') or 0), events_kept = head.events_kept,
    desk_now = head.now,
  }
  for i = 2, #head.periods do
    local key = p .. 'seen:' .. head.periods[i]
    if redis.call('EXISTS', key) == 1 then table.insert(batch.older, key) end
  end
  return batch
end

local function first_time(batch, digest)
  for _, key in ipairs(batch.older) do
    if redis.call('SISMEMBER', key, digest) == 1 then return false end
  end
  return redis.call('SADD', batch.seen_key, digest) == 1
end

local function add(counters, field, by)
  counters[field] = (counters[field] or 0) + by
end

-- Gives how many stood before the case when it joined or left the line ('' when it did neither, or nobody is told).
local function write_case(batch, c)
  local p, case_key = batch.p, batch.p .. 'case:' .. c.id
  local first = 1
  if c.expect == 0 and c.said[1] then
    redis.call('RPUSH', case_key, c.doc, c.said[1])
    first = 2
  elseif c.expect == 0 then
    redis.call('RPUSH', case_key, c.doc)
  else
    redis.call('LSET', case_key, 0, c.doc)
  end
  -- One by one: a transcript that is carried over may be longer than what Lua can unpack.
  for i = first, #c.said do redis.call('RPUSH', case_key, c.said[i]) end
  if c.ttl then redis.call('EXPIRE', case_key, c.ttl) end

  if c.open == false then
    redis.call('HDEL', p .. 'open', c.lane, unpack(c.also or {}))
  elseif c.open then
    redis.call('HSET', p .. 'open', c.lane, c.open)
    for _, lane in ipairs(c.also or {}) do redis.call('HSET', p .. 'open', lane, c.open) end
  end
  local line, ahead = batch.line_key, ''
  if c.waiting == false then
    if c.events then ahead = redis.call('ZRANK', line, c.id) or '' end
    batch.waiting = batch.waiting - redis.call('ZREM', line, c.id)
  elseif c.waiting then
    batch.waiting = batch.waiting + redis.call('ZADD', line, c.waiting, c.id)
    if c.events then ahead = redis.call('ZRANK', line, c.id) end
  end
  if c.timers == false then
    redis.call('ZREM', p .. 'timers', c.id)
  elseif c.timers then
    redis.call('ZADD', p .. 'timers', c.timers, c.id)
  end
  if c.drop then redis.call('SREM', p .. 'held:' .. c.drop, c.id) end
  if c.hold then redis.call('SADD', p .. 'held:' .. c.hold, c.id) end
  if c.claimed then
    batch.held = batch.held + c.claimed
    add(batch.tally, 'claimed', c.claimed)
  end
  return ahead
end

local function write_duty(batch, duty)
  local key = batch.p .. 'duty'
  if duty[2] then
    batch.agents = batch.agents + redis.call('HSET', key, duty[1], duty[2])
  else
    batch.agents = batch.agents - redis.call('HDEL', key, duty[1])
  end
end

-- Every event has the same fields, as then a stream keeps their names but once in a while.
local function tell(batch, c, ahead)
  for _, e in ipairs(c.events) do
    local of_case = c.id and e[1] ~= 'duty'
    redis.call('XADD', batch.events_key, 'MAXLEN', '~', batch.events_kept, '*',
      'e', e[1], 't', e[2], 'w', e[3], 'q', e[4], 'n', batch.waiting, 'a', batch.agents,
      'c', of_case and c.id or '', 'g', e[5], 'r', of_case and ahead or '', 'h', batch.held, 'ch', e[6])
  end
end

-- One decision, whole or not at all: 1 done, 0 seen before, otherwise the state that was found instead.
local function commit_one(batch, c)
  local p = batch.p
  if c.seen and not first_time(batch, c.seen) then return 0 end
  local found = stale(p, c)
  if found then
    if c.seen then redis.call('SREM', batch.seen_key, c.seen) end
    return found
  end
  local ahead = c.doc and write_case(batch, c)
  if c.duty then write_duty(batch, c.duty) end
  if c.events then tell(batch, c, ahead) end
  if c.language then redis.call('SET', p .. 'language:' .. c.language[1], c.language[2], 'EX', LANGUAGE_TTL_S) end
  if c.incident == false then
    redis.call('DEL', p .. 'incident')
  elseif c.incident then
    redis.call('SET', p .. 'incident', c.incident[1], 'PX', math.max(1, c.incident[2] - batch.desk_now))
  end
  if c.worded then
    local lane_key = p .. 'out:' .. c.worded[1]
    if same_entry(redis.call('LINDEX', lane_key, 0), c.worded[2]) then redis.call('LSET', lane_key, 0, c.worded[2]) end
  end
  if c.out then put_out(p, c.out, batch.now) end
  for field, by in pairs(c.count or {}) do add(batch.counts, field, by) end
  return 1
end

-- Counters of the day; of promises there is a total as well, from which a refresh tells what is new.
local function finish(batch, head)
  local p, day_key = batch.p, batch.p .. 'day:' .. head.day
  for field, by in pairs(batch.counts) do
    redis.call('HINCRBY', day_key, field, by)
    if field == 'promises' or field == 'kept' then add(batch.tally, field, by) end
  end
  for field, by in pairs(batch.tally) do redis.call('HINCRBY', p .. 'tally', field, by) end
  if next(batch.counts) then redis.call('EXPIRE', day_key, head.day_ttl_s) end
  redis.call('EXPIRE', batch.seen_key, SEEN_TTL_S)
  if batch.changed then redis.call('INCR', p .. 'changes') end
end

-- Many decisions in one call. Each stands alone: a faulty one does not take the others with it.
local function commit(keys, args)
  local head, results = cmsgpack.unpack(args[1]), {}
  local batch = begin(keys[1], head)
  for i = 2, #args do
    local c = cmsgpack.unpack(args[i])
    local fine, result = pcall(commit_one, batch, c)
    if not fine then
      if c.seen then redis.call('SREM', batch.seen_key, c.seen) end
      result = '!error ' .. tostring(type(result) == 'table' and result.err or result)
    end
    batch.changed = batch.changed or result == 1
    results[i - 1] = result
  end
  finish(batch, head)
  return results
end

-- Lease up to n lanes of a channel that are due, and go on holding those named after the lease that `who` still
-- holds. Each new one comes as {lane, attempt, lapsed, head entry}, where lapsed is 1 when an earlier sender vanished
-- after it had begun: nobody knows whether that attempt arrived. Last come the milliseconds until something else may
-- be due (-1: nothing is known to come).
local function take(keys, args)
  local p, channel, who, n, lease_ms = keys[1], args[1], args[2], tonumber(args[3]), tonumber(args[4])
  local due, fly, tries = p .. 'due:' .. channel, p .. 'fly:' .. channel, p .. 'tries:' .. channel
  local holder, now, taken = p .. 'holder:' .. channel, now_ms(), {}
  for i = 5, #args do
    if redis.call('HGET', holder, args[i]) == who then redis.call('ZADD', fly, 'XX', now + lease_ms, args[i]) end
  end
  for _, lane in ipairs(redis.call('ZRANGEBYSCORE', fly, '-inf', now, 'LIMIT', 0, n)) do
    redis.call('ZREM', fly, lane)
    redis.call('HDEL', holder, lane)
    redis.call('ZADD', due, 'NX', now, lane)
  end
  for _, lane in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, n)) do
    redis.call('ZREM', due, lane)
    local entry = redis.call('LINDEX', p .. 'out:' .. lane, 0)
    if entry then
      redis.call('ZADD', fly, now + lease_ms, lane)
      redis.call('HSET', holder, lane, who)
      local lapsed = redis.call('HEXISTS', tries, '!' .. lane)
      taken[#taken + 1] = { lane, redis.call('HINCRBY', tries, lane, 1), lapsed, entry }
    end
  end
  local next_ms = -1
  for _, index in ipairs({ due, fly }) do
    local first = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')
    if first[2] then
      local left = math.max(0, first[2] - now)
      if next_ms < 0 or left < next_ms then next_ms = left end
    end
  end
  taken[#taken + 1] = next_ms
  return taken
end

-- Whoever holds a lane sends its head now: 1, or 0 when another holds it. Until it is settled, nobody else knows
-- whether it arrived.
local function begin_send(keys, args)
  local p, channel, who, lane = keys[1], args[1], args[2], args[3]
  if redis.call('HGET', p .. 'holder:' .. channel, lane) ~= who then return 0 end
  redis.call('HSET', p .. 'tries:' .. channel, '!' .. lane, 1)
  return 1
end

-- The head of a lane was delivered ('done'), given up ('dead', kept with its reason) or must be tried again after a
-- delay ('later' when it was not tried this time, 'again' when it surely did not arrive, or may arrive twice).
-- Where more waits in the lane it is handed on at once: {attempt, entry}; else nothing. A sender that lost its lease
-- may still say that the message arrived, but no more.
local function settle(keys, args)
  local p, channel, who, lane, entry, outcome = keys[1], args[1], args[2], args[3], args[4], args[5]
  local fly, holder, tries = p .. 'fly:' .. channel, p .. 'holder:' .. channel, p .. 'tries:' .. channel
  local lane_key, now = p .. 'out:' .. lane, now_ms()
  local mine = redis.call('HGET', holder, lane) == who
  if outcome ~= 'done' and not mine then return {} end
  if outcome == 'again' or outcome == 'later' then
    if outcome == 'later' then redis.call('HINCRBY', tries, lane, -1) end
    redis.call('HDEL', tries, '!' .. lane)
    redis.call('ZREM', fly, lane)
    redis.call('HDEL', holder, lane)
    redis.call('ZADD', p .. 'due:' .. channel, now + tonumber(args[6]), lane)
    return {}
  end
  if same_entry(redis.call('LINDEX', lane_key, 0), entry) then
    redis.call('LPOP', lane_key)
    redis.call('HDEL', tries, lane, '!' .. lane)
    if outcome == 'dead' then redis.call('HSET', p .. 'dead', string.match(entry, '^%S+'), args[6]) end
  end
  if not mine then return {} end
  local following = redis.call('LINDEX', lane_key, 0)
  if not following then
    redis.call('ZREM', fly, lane)
    redis.call('HDEL', holder, lane)
    return {}
  end
  redis.call('ZADD', fly, now + tonumber(args[7]), lane)
  return { redis.call('HINCRBY', tries, lane, 1), following }
end

-- The head of a lane is sent in parts: they take its place. Gives the first part as `settle` gives the next entry,
-- also when they stand there already.
local function split(keys, args)
  local p, channel, who, lane, entry = keys[1], args[1], args[2], args[3], args[4]
  local lane_key, tries = p .. 'out:' .. lane, p .. 'tries:' .. channel
  if redis.call('HGET', p .. 'holder:' .. channel, lane) ~= who then return {} end
  if same_entry(redis.call('LINDEX', lane_key, 0), entry) then
    redis.call('LPOP', lane_key)
    for i = #args, 5, -1 do redis.call('LPUSH', lane_key, args[i]) end
    redis.call('HSET', tries, lane, 1)
  end
  return { redis.call('HGET', tries, lane), redis.call('LINDEX', lane_key, 0) }
end

-- A message that was given up goes to the end of its lane again, or is dropped for good.
local function revive(keys, args)
  local p, id, again = keys[1], args[1], args[2] == 'again'
  local dead = redis.call('HGET', p .. 'dead', id)
  if not dead then return 0 end
  redis.call('HDEL', p .. 'dead', id)
  if again then
    local letter = cjson.decode(dead)
    put_out(p, { { letter.channel, letter.lane, letter.entry } }, now_ms())
  end
  return 1
end

-- Lead the queue for ttl_ms more: the fencing number, or 0 when another replica leads.
local function lead(keys, args)
  local p, me, ttl_ms = keys[1], args[1], args[2]
  local leader = redis.call('GET', p .. 'leader')
  if leader and leader ~= me then return 0 end
  redis.call('SET', p .. 'leader', me, 'PX', ttl_ms)
  if leader then return tonumber(redis.call('GET', p .. 'fence')) end
  return redis.call('INCR', p .. 'fence')
end

local function resign(keys, args)
  if redis.call('GET', keys[1] .. 'leader') == args[1] then redis.call('DEL', keys[1] .. 'leader') end
  return 1
end

local function is_leader(p, fence)
  return tonumber(redis.call('GET', p .. 'fence') or 0) == tonumber(fence)
end

-- args: fence, learned. What the estimate learned, by the leader only.
local function remember(keys, args)
  if not is_leader(keys[1], args[1]) then return 0 end
  redis.call('SET', keys[1] .. 'learned', args[2])
  return 1
end

-- args: fence, published, history point, its time, forget before, outgoing. The refresh, by the leader only.
local function publish(keys, args)
  local p = keys[1]
  if not is_leader(p, args[1]) then return 0 end
  redis.call('SET', p .. 'published', args[2])
  redis.call('ZADD', p .. 'history', args[4], args[3])
  redis.call('ZREMRANGEBYSCORE', p .. 'history', '-inf', '(' .. args[5])
  put_out(p, cmsgpack.unpack(args[6]), now_ms())
  return 1
end

-- Be the one reader of a channel for ttl_ms more: 1, or 0 when another process is.
local function hold(keys, args)
  local key, me, ttl_ms = keys[1] .. 'reader:' .. args[1], args[2], args[3]
  local reader = redis.call('GET', key)
  if reader and reader ~= me then return 0 end
  redis.call('SET', key, me, 'PX', ttl_ms)
  return 1
end

local function let_go(keys, args)
  local key = keys[1] .. 'reader:' .. args[1]
  if redis.call('GET', key) == args[2] then redis.call('DEL', key) end
  return 1
end

-- In how many ms `need` sends fit into a budget, the last of them included: 0 when they fit now. Of each budget the times
-- of the last sends are kept, the latest first.
local function room_in(key, most, per_ms, need, now)
  local rounds = math.ceil(need / most) - 1
  local leaves = redis.call('LINDEX', key, (rounds + 1) * most - need)
  return rounds * per_ms + (leaves and math.max(0, leaves + per_ms - now) or 0)
end

-- args: channel, then {budget, most, per_ms, draws, ahead} for each budget: at most so many within any such time, and for so
-- many that wait already there must be room as well. What draws nothing has to heed silences alone. Gives {0, 0} and
-- draws on all, or {the ms to wait, the budget that makes it wait longest} and draws on none.
local function pace(keys, args)
  local now, longest, of = now_ms(), 0, 0
  for i = 2, #args, 5 do
    local name, most, per_ms, draws = args[1] .. ':' .. args[i], args[i + 1], args[i + 2], tonumber(args[i + 3])
    local quiet = (tonumber(redis.call('GET', keys[1] .. 'hush:' .. name)) or now) - now
    local room = draws > 0 and room_in(keys[1] .. 'pace:' .. name, most, per_ms, draws + args[i + 4], now) or 0
    local wait = math.max(quiet, room)
    if wait > longest then longest, of = wait, (i + 3) / 5 end
  end
  if longest > 0 then return {longest, of} end
  for i = 2, #args, 5 do
    if tonumber(args[i + 3]) > 0 then
      local key = keys[1] .. 'pace:' .. args[1] .. ':' .. args[i]
      for _ = 1, args[i + 3] do redis.call('LPUSH', key, now) end
      redis.call('LTRIM', key, 0, args[i + 1] - 1)
      redis.call('PEXPIRE', key, args[i + 2])
    end
  end
  return {0, 0}
end

-- args: channel, budget, ms. Nothing may be drawn for so long.
local function hush(keys, args)
  local key, ms = keys[1] .. 'hush:' .. args[1] .. ':' .. args[2], tonumber(args[3])
  if redis.call('PTTL', key) < ms then redis.call('SET', key, now_ms() + ms, 'PX', ms) end
  return 1
end

-- args: channel, box, key, item, ttl_s, most. Put an item into a box, once for its key, and tell all replicas: its id.
local function post(keys, args)
  local lane = args[1] .. '/' .. args[2]
  local box = keys[1] .. 'mail:' .. lane
  for _, row in ipairs(redis.call('XREVRANGE', box, '+', '-', 'COUNT', MAIL_COMPARED)) do
    if row[2][2] == args[3] then return row[1] end
  end
  local id = redis.call('XADD', box, 'MAXLEN', args[6], '*', 'key', args[3], 'item', args[4])
  redis.call('EXPIRE', box, args[5])
  redis.call('XADD', keys[1] .. 'mailed:' .. args[1], 'MAXLEN', '~', MAIL_NEWS_KEPT, '*', 'box', args[2], 'sign', '')
  return id
end

-- Writes nothing, but is let in only where it could: not on a replica, a full server or one that lacks replicas.
local function probe()
  return 1
end

redis.register_function('jono_probe_@VERSION@', probe)
redis.register_function('jono_commit_@VERSION@', commit)
redis.register_function('jono_take_@VERSION@', take)
redis.register_function('jono_begin_@VERSION@', begin_send)
redis.register_function('jono_settle_@VERSION@', settle)
redis.register_function('jono_split_@VERSION@', split)
redis.register_function('jono_revive_@VERSION@', revive)
redis.register_function('jono_lead_@VERSION@', lead)
redis.register_function('jono_resign_@VERSION@', resign)
redis.register_function('jono_hold_@VERSION@', hold)
redis.register_function('jono_let_go_@VERSION@', let_go)
redis.register_function('jono_pace_@VERSION@', pace)
redis.register_function('jono_hush_@VERSION@', hush)
redis.register_function('jono_post_@VERSION@', post)
redis.register_function('jono_remember_@VERSION@', remember)
redis.register_function('jono_publish_@VERSION@', publish)
