// The scripts that look at many processes: to count them, to remove them, to mend indexes.
extension RedisScript {
    /// Answers the size of each status, kind and queue, the heads of the two that have an age, and since when something in
    /// each queue has been due. What stands at such a head without a process is passed over, so that an age never sticks to
    /// what is gone.
    ///
    /// Argument: 3 how many of one queue and priority are looked at for the one that has been due for the longest.
    static let countsBody = """
        local statuses, kinds, queues, oldest, due = {}, {}, {}, {}, {}
        local unit, delayed = \(RedisQueueScore.timeLimit), \(RedisQueueScore.firstDelayed)
        for _, status in ipairs({'pending', 'running', 'completed', 'failed', 'cancelled'}) do
          statuses[#statuses + 1] = status
          statuses[#statuses + 1] = call('ZCARD', P .. 'process_status:' .. status)
        end
        local function sizes(names, key, into)
          for _, name in ipairs(call('SMEMBERS', P .. names)) do
            local size = call('ZCARD', P .. key .. name)
            if size > 0 then
              into[#into + 1] = name
              into[#into + 1] = size
            end
          end
        end
        sizes('process_kinds', 'process_kind:', kinds)
        sizes('process_queues', 'process_queue:', queues)
        for _, status in ipairs({'running', 'pending'}) do
          local heads = call('ZRANGE', P .. 'process_status:' .. status, 0, 9, 'WITHSCORES')
          local found = false
          for i = 1, #heads, 2 do
            if call('EXISTS', P .. 'process:' .. heads[i]) == 1 then
              found = heads[i + 1]
              break
            end
          end
          oldest[#oldest + 1] = found
        end


        -- Since when one of those that stand between two scores has been due, where that is longer than what is known. The
        -- score holds one of the two times that must have come, the hash the other.
        local function longer(queue, lowest, highest, other, known)
          local looked = 0
          while looked < tonumber(ARGV[3]) do
            local some = call('ZRANGEBYSCORE', queue, text(lowest), text(highest), 'WITHSCORES', 'LIMIT', looked, 10)
            for i = 1, #some, 2 do
              local time = some[i + 1] - lowest
              if known and time >= known then return known end
              local hash = try('HMGET', P .. 'process:' .. some[i], 'revision', 'run_after', other)
              local after = not hash.err and hash[1] and tonumber(hash[2] or '0')
              if after and after <= now() then
                local since = math.max(time, tonumber(hash[3] or '0') or 0)
                known = math.min(known or since, since)
              end
            end
            if #some < 20 then break end
            looked = looked + 10
          end
          return known
        end
        for i = 1, #queues, 2 do
          local queue = P .. 'process_queue:' .. queues[i]
          -- What has become due and was not claimed yet stands behind the queue, by when it did.
          local known = longer(queue, delayed, delayed + math.min(now(), unit - 1), 'created_at', nil)
          local lowest = 0
          while true do
            local first = call('ZRANGEBYSCORE', queue, text(lowest), '(' .. text(delayed), 'WITHSCORES', 'LIMIT', 0, 1)
            if #first == 0 then break end
            lowest = math.floor(first[2] / unit) * unit
            known = longer(queue, lowest, lowest + unit - 1, 'run_after', known)
            lowest = lowest + unit
          end
          if known then
            due[#due + 1] = queues[i]
            due[#due + 1] = text(known)
          end
        end
        return {statuses, kinds, queues, oldest, due}
        """

    /// Arguments: 3 `expired` or `older`, 4 `1` to count only, 5 how many to look at, 6 lifetime of tombstones, 7 the time by
    /// which they must have finished, 8 the time by which their own `retain` must have passed, 9 the statuses, each between
    /// blanks, 10 `1` to take those with a `retain` too, 11–13 the place of the batch before, 14 channel, then index, highest
    /// score, ….
    ///
    /// Answers what was removed, as id, status, …, the time, and the place where it stopped or nothing.
    static let cleanupBody = """
        local isDry, left, lifetime = ARGV[4] == '1', tonumber(ARGV[5]), tonumber(ARGV[6])
        local by, at, statuses, takesRetained = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9], ARGV[10] == '1'
        local channel = ARGV[14]

        local function candidates(key, highest, score, id, count)
          if score == '-inf' then
            return call('ZRANGEBYSCORE', key, score, highest, 'WITHSCORES', 'LIMIT', 0, count)
          end
          -- Of those with the same score, the ones up to the id were looked at.
          local found, offset = {}, 0
          repeat
            local page = call('ZRANGEBYSCORE', key, score, highest, 'WITHSCORES', 'LIMIT', offset, count)
            for i = 1, #page, 2 do
              if #found < 2 * count and (tonumber(page[i + 1]) ~= tonumber(score) or before(id, page[i])) then
                found[#found + 1] = page[i]
                found[#found + 1] = page[i + 1]
              end
            end
            offset = offset + count
          until #found == 2 * count or #page < 2 * count
          return found
        end

        local function mayGo(hash)
          local status, retain, finished = hash[2], hash[3], tonumber(hash[4] or '')
          if not status or not string.find(statuses, ' ' .. status .. ' ', 1, true) then return false end
          -- What can't be read stays until somebody says so: without these it could not be taken out of its indexes.
          local isOpen = status == 'pending' or status == 'running'
          if not hash[5] or not hash[6] or not (finished or isOpen) then return false end
          if ARGV[3] == 'expired' then
            if isOpen or not finished then return false end
            if not retain then return finished <= by end
            local own = tonumber(retain)
            return own and finished + own <= at
          end
          if retain and not takesRetained then return false end
          local time = finished or tonumber(hash[5] or '')
          return time and time <= by
        end

        local function hasOpenChildren(id)
          local key = P .. 'process_children:' .. id
          local finished = '(' .. text(\(RedisChildScore.firstFinished))
          local open = call('ZRANGEBYSCORE', key, '-inf', finished, 'LIMIT', 0, 10)
          if #open == 0 then return false end
          for _, child in ipairs(open) do
            if call('EXISTS', P .. 'process:' .. child) == 1 then return true end
            if not isDry then call('ZREM', key, child) end
          end
          return call('ZCOUNT', key, '-inf', finished) > (isDry and 10 or 0)
        end

        local removed, place = {}, false
        local first = tonumber(ARGV[11])
        for i = 15 + 2 * first, #ARGV, 2 do
          local key, highest = P .. ARGV[i], ARGV[i + 1]
          local index, score, id = (i - 15) / 2, '-inf', ''
          if index == first then score, id = ARGV[12], ARGV[13] end
          if left == 0 then
            if call('ZCOUNT', key, '-inf', highest) > 0 then
              place = {index, '-inf', ''}
              break
            end
          else
            local found = candidates(key, highest, score, id, left + 1)
            for c = 1, #found, 2 do
              if left == 0 then
                place = {index, score, id}
                break
              end
              left = left - 1
              id, score = found[c], found[c + 1]
              local hash = try('HMGET', P .. 'process:' .. id, 'revision', 'status', 'retain', 'finished_at',
                'created_at', 'kind', 'queue', 'parent_id', 'lease_expires_at', 'deadline')
              if gone[id] or hash.err or not hash[1] then
                if not isDry then
                  forget(id)
                  call('ZREM', key, id)
                end
              elseif mayGo(hash) and not hasOpenChildren(id) then
                removed[#removed + 1] = id
                removed[#removed + 1] = hash[2]
                if not isDry then
                  -- Only those in which it stands.
                  leave('process_times', id)
                  leave('process_status:' .. hash[2], id)
                  if hash[4] then leave(hash[3] and 'process_expires' or 'process_finished', id) end
                  if hash[9] then leave('process_leases', id) end
                  if hash[10] then leave('process_deadlines', id) end
                  remove(id, hash[6], hash[7], hash[8], hash[1], hash[2], lifetime)
                end
              end
            end
            if place then break end
          end
        end
        if not isDry and #removed > 0 then finishRemoval(channel) end
        return {removed, text(now()), place}
        """

    /// Removes records that can't be read, each only if it still is as it was read. Arguments: 3 `1` to count only, 4
    /// lifetime of tombstones, 5 channel, then id, revision, status as it stands there, status to remember, ….
    static let removeCorruptBody = """
        local removed = {}
        for i = 6, #ARGV, 4 do
          local id = ARGV[i]
          local hash = try('HMGET', P .. 'process:' .. id, 'revision', 'status', 'kind', 'queue', 'parent_id')
          if not hash.err and hash[1] == ARGV[i + 1] and (hash[2] or '') == ARGV[i + 2] then
            removed[#removed + 1] = id
            removed[#removed + 1] = ARGV[i + 3]
            if ARGV[3] ~= '1' then
              forget(id)
              -- It may stand where it no longer says that it does.
              for set, index in pairs({process_kinds = 'process_kind:', process_queues = 'process_queue:'}) do
                for _, name in ipairs(call('SMEMBERS', P .. set)) do
                  call('ZREM', P .. index .. name, id)
                  if call('EXISTS', P .. index .. name) == 0 then call('SREM', P .. set, name) end
                end
              end
              remove(id, hash[3], hash[4], hash[5], hash[1], ARGV[i + 3], tonumber(ARGV[4]))
            end
          end
        end
        if ARGV[3] ~= '1' and #removed > 0 then finishRemoval(ARGV[5]) end
        return {removed, text(now()), false}
        """

    /// Arguments: 3 how many at the most. Answers how many were forgotten.
    static let forgetExpiredBody = """
        local key = P .. 'process_tombstones'
        local ids = call('ZRANGEBYSCORE', key, '-inf', text(now()), 'LIMIT', 0, ARGV[3])
        for _, id in ipairs(ids) do
          call('ZREM', key, id)
          call('HDEL', P .. 'process_removed', id)
        end
        return #ids
        """

    /// Takes ids out of the indexes where there is no process of ours under them. Arguments: 3 how many ids, the ids, then
    /// the indexes in which they were found.
    static let repairBody = """
        local count, repaired = tonumber(ARGV[3]), 0
        for i = 4, 3 + count do
          local id = ARGV[i]
          if try('HEXISTS', P .. 'process:' .. id, 'revision') ~= 1 then
            forget(id)
            for k = 4 + count, #ARGV do call('ZREM', P .. ARGV[k], id) end
            repaired = repaired + 1
          end
        end
        return repaired
        """
}
