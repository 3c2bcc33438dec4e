import { RedisScript } from './redis-script.js';

/** Reads and writes claims. A claim is `<end of the lease in milliseconds, by the clock of Redis>:<owner>`. */
const CLAIM = `
local function claim()
  local text = redis.call('HGET', KEYS[2], ARGV[1])
  if not text then return nil, 0 end
  local colon = string.find(text, ':', 1, true)
  return string.sub(text, colon + 1), tonumber(string.sub(text, 1, colon - 1))
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function hold()
  redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f:%s', now() + tonumber(ARGV[3]), ARGV[2]))
end
local owner, ends = claim()
`;

const NOT_MINE = 'if owner ~= ARGV[2] then return 0 end\n';

/**
 * Atomic operations on one letter. Keys: the stream, and the hashes of claims, replays and failures, none of which expires. Arguments:
 * the letter's id and its owner.
 */
export const LetterScript = {
  /** Arguments: maximum number of letters, the letter. Returns the id, or 0 if the store is full. */
  add: new RedisScript(`
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
return redis.call('XADD', KEYS[1], '*', 'letter', ARGV[2])`),

  claim: new RedisScript(`${CLAIM}
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
if #entry == 0 then return {'unknown'} end
if owner and owner ~= ARGV[2] and ends > now() then return {'claimed'} end
hold()
if owner ~= ARGV[2] then redis.call('HINCRBY', KEYS[3], ARGV[1], 1) end
return {'mine', entry[1][2][2], redis.call('HGET', KEYS[3], ARGV[1]), redis.call('HGET', KEYS[4], ARGV[1])}`),

  renew: new RedisScript(`${CLAIM}${NOT_MINE}hold()
return 1`),

  /** The optional third argument is the failure; without it the replay is not counted. */
  release: new RedisScript(`${CLAIM}${NOT_MINE}redis.call('HDEL', KEYS[2], ARGV[1])
if ARGV[3] then redis.call('HSET', KEYS[4], ARGV[1], ARGV[3])
else redis.call('HINCRBY', KEYS[3], ARGV[1], -1) end
return 1`),

  remove: new RedisScript(`${CLAIM}${NOT_MINE}redis.call('XDEL', KEYS[1], ARGV[1])
for i = 2, 4 do redis.call('HDEL', KEYS[i], ARGV[1]) end
return 1`),
} as const;
