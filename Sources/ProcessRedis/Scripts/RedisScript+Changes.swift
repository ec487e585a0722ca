internal import ProcessCore

// The scripts that keep and change single processes.
extension RedisScript {
    /// Arguments: 3 id, 4 `1` where it can't be taken, 5 idempotency key, 6 fingerprint, 7 lifetime, 8 longest number of
    /// processes, 9 parent, 10 kind, 11 queue where it waits in one, 12 channel, 13 message; then name, value, …, an empty
    /// one, and index, score, ….
    static let insertBody = """
        local id, process = ARGV[3], P .. 'process:' .. ARGV[3]
        local slot = P .. 'process_idempotency:' .. ARGV[5]
        if ARGV[5] ~= '' then
          local entry = try('GET', slot)
          if type(entry) == 'string' then
            local forgotten, first, fingerprint = string.match(entry, '^(-?%d+) (%S+) (.*)$')
            if forgotten and tonumber(forgotten) > now() then
              if fingerprint ~= ARGV[6] then return {'mismatch'} end
              -- An older version kept the id alone. Another time is that of another process, started by the same id once the
              -- first was removed and forgotten.
              local holder, since = string.match(first, '^([^/]+)/(-?%d+)$')
              if not holder then return {'replayed', first, lookup(first)} end
              local known = lookup(holder)
              local isOther = known[1] == 'found' and call('HGET', P .. 'process:' .. holder, 'created_at') ~= since
              return {'replayed', holder, isOther and {'missing'} or known}
            end
          end
        end
        local wasForgotten = false
        if ARGV[4] ~= '1' then
          if call('EXISTS', process) == 1 then return {'exists', lookup(id)} end
          local removed = remembered(id)
          if removed then return removed end
          wasForgotten = call('HEXISTS', P .. 'process_removed', id) == 1
        end
        if ARGV[9] ~= '' and try('HEXISTS', P .. 'process:' .. ARGV[9], 'revision') ~= 1 then return {'parent'} end
        if ARGV[8] ~= '' and call('SCARD', P .. 'process_ids') >= tonumber(ARGV[8]) then return {'full'} end
        local stop, created = 14, nil
        while ARGV[stop] ~= '' do
          if ARGV[stop] == 'created_at' then created = ARGV[stop + 1] end
          stop = stop + 2
        end
        local indexes = {}
        for i = stop + 1, #ARGV, 2 do indexes[#indexes + 1] = P .. ARGV[i] end
        indexes[#indexes + 1] = never
        local wrong = mistyped('zset', indexes)
          or mistyped('set', {P .. 'process_ids', P .. 'process_kinds', P .. 'process_queues', never})
        if wrong then return wrong end

        -- Should a right be taken away between two of these, entries without a process are left, which mend themselves.
        for i = stop + 1, #ARGV, 2 do call('ZADD', P .. ARGV[i], ARGV[i + 1], id) end
        call('SADD', P .. 'process_ids', id)
        call('SADD', P .. 'process_kinds', ARGV[10])
        if ARGV[11] ~= '' then call('SADD', P .. 'process_queues', ARGV[11]) end
        call('HSET', process, unpack(ARGV, 14, stop - 1))
        if ARGV[5] ~= '' and tonumber(ARGV[7]) > 0 then
          -- Where a test sets the time, its key must not go by the server's.
          local kept = ARGV[2] == '' and ARGV[7] or text(ARGV[7] + 86400000)
          call('SET', slot, text(now() + ARGV[7]) .. ' ' .. id .. '/' .. created .. ' ' .. ARGV[6], 'PX', kept)
        end
        if wasForgotten then
          call('HDEL', P .. 'process_removed', id)
          call('ZREM', P .. 'process_tombstones', id)
        end
        try('PUBLISH', ARGV[12], ARGV[13])
        return {'inserted'}
        """

    /// Removes what a plain insert wrote, unless somebody has changed the process since. What holds something of another type
    /// stays as it is. Arguments: 3 id, 4 the revision it was written in, then indexes. Answers whether it is gone.
    static let takeBackBody = """
        local id, process = ARGV[3], P .. 'process:' .. ARGV[3]
        local revision = try('HGET', process, 'revision')
        if type(revision) == 'string' and revision ~= ARGV[4] then return 0 end
        for i = 5, #ARGV do try('ZREM', P .. ARGV[i], id) end
        try('SREM', P .. 'process_ids', id)
        if type(revision) == 'string' then call('UNLINK', process) end
        return 1
        """

    /// Arguments: 3 id, 4 the revision there must be, 5 when that was created, 6 and changed last, 7 the time that must
    /// have come, 8 channel, 9 message, 10 queue where it waits in one; then what is different: name, value, …, an empty
    /// one, names to remove, …, an empty one, indexes to leave, …, an empty one, and index, score, ….
    static let replaceBody = """
        local id, process = ARGV[3], P .. 'process:' .. ARGV[3]
        local old = try('HMGET', process, 'revision', 'created_at', 'updated_at')
        if old.err or old[1] ~= ARGV[4] or old[2] ~= ARGV[5] or old[3] ~= ARGV[6] then
          return {'conflict', lookup(id)}
        end
        if ARGV[7] ~= '' and now() < tonumber(ARGV[7]) then return {'early'} end
        local removed = 11
        while ARGV[removed] ~= '' do removed = removed + 2 end
        local left = removed + 1
        while ARGV[left] ~= '' do left = left + 1 end
        local entered = left + 1
        while ARGV[entered] ~= '' do entered = entered + 1 end
        local indexes = {}
        for i = left + 1, entered - 1 do indexes[#indexes + 1] = P .. ARGV[i] end
        for i = entered + 1, #ARGV, 2 do indexes[#indexes + 1] = P .. ARGV[i] end
        if #indexes > 0 then
          indexes[#indexes + 1] = never
          local wrong = mistyped('zset', indexes)
            or ARGV[10] ~= '' and mistyped('set', {P .. 'process_queues', never})
          if wrong then return wrong end
        end

        call('HSET', process, unpack(ARGV, 11, removed - 1))
        if left > removed + 1 then call('HDEL', process, unpack(ARGV, removed + 1, left - 1)) end
        for i = left + 1, entered - 1 do call('ZREM', P .. ARGV[i], id) end
        for i = entered + 1, #ARGV, 2 do call('ZADD', P .. ARGV[i], ARGV[i + 1], id) end
        if ARGV[10] ~= '' then call('SADD', P .. 'process_queues', ARGV[10]) end
        try('PUBLISH', ARGV[8], ARGV[9])
        return {'replaced'}
        """

    /// Arguments: 3 how many at the most, 4 with how many bytes of inputs it is full, 5 how many delayed ones to look at,
    /// 6 worker, 7 lease, 8 channel, then the queues.
    ///
    /// Answers the time, and each process as it was before: what has become of it the driver knows from `ProcessTransition`,
    /// since what is written here is what that does for `claim`. The conformance suite compares them field by field.
    static let claimBody = """
        local at, limit, byteLimit, several = now(), tonumber(ARGV[3]), tonumber(ARGV[4]), #ARGV > 9
        local unit, delayed = \(RedisQueueScore.timeLimit), \(RedisQueueScore.firstDelayed)
        local function within(time) return math.min(math.max(time, 0), unit - 1) end

        -- What has become due moves from behind the queue to its place in it.
        local budget, latest = tonumber(ARGV[5]), text(delayed + within(at))
        for q = 9, #ARGV do
          local queue = P .. 'process_queue:' .. ARGV[q]
          if budget > 0 then
            local due = call('ZRANGEBYSCORE', queue, '\(RedisQueueScore.firstDelayed)', latest, 'LIMIT', 0, budget)
            budget = budget - #due
            for _, id in ipairs(due) do
              local hash = try('HMGET', P .. 'process:' .. id, 'priority', 'created_at')
              local priority = tonumber(hash[1] or '0') or 0
              local created = tonumber(hash[2] or '0') or 0
              call('ZADD', queue, text((100 - priority) * unit + within(created)), id)
            end
          end
        end

        local claimed, bytes, looked, time = {}, 0, 0, text(at)
        while #claimed < limit and bytes < byteLimit and looked < limit + 1000 do
          local heads = {}
          for q = 9, #ARGV do
            local queue = P .. 'process_queue:' .. ARGV[q]
            local range = {queue, '-inf', '(\(RedisQueueScore.firstDelayed)', 'LIMIT', 0, limit - #claimed}
            if several then range[7] = 'WITHSCORES' end
            local first = call('ZRANGEBYSCORE', unpack(range))
            for i = 1, #first, several and 2 or 1 do
              heads[#heads + 1] = {first[i], queue, several and tonumber(first[i + 1])}
            end
          end
          if #heads == 0 then break end
          if several then
            table.sort(heads, function(a, b)
              if a[3] ~= b[3] then return a[3] < b[3] end
              return before(a[1], b[1])
            end)
          end
          for _, head in ipairs(heads) do
            if #claimed == limit or bytes >= byteLimit then break end
            looked = looked + 1
            local id, queue = head[1], head[2]
            local process = P .. 'process:' .. id
            local fields, old = try('HGETALL', process), {}
            for i = 1, #fields, 2 do old[fields[i]] = fields[i + 1] end
            if not old.revision then
              forget(id)
              call('ZREM', queue, id)
            elseif old.status ~= 'pending' or not old.queue or not old.kind or not tonumber(old.revision)
              or not tonumber(old.attempt or '') or not tonumber(old.created_at or '')
              or not tonumber(old.updated_at or '') or not tonumber(old.lease or 0)
              or not tonumber(old.timeout or 0) then
              -- It waits in no queue, or can't be read, so nobody can be given it; a cleanup of such finds it by another
              -- index.
              call('ZREM', queue, id)
            elseif (tonumber(old.run_after or 0) or 0) > at then
              -- The clock was set back since it became due.
              call('ZADD', queue, text(delayed + within(tonumber(old.run_after))), id)
            else
              local revision, lease = text(old.revision + 1), text(at + (old.lease or ARGV[7]))
              local set = {'status', 'running', 'revision', revision, 'attempt', text(old.attempt + 1),
                'updated_at', time, 'started_at', time, 'heartbeat_at', time, 'lease_expires_at', lease}
              local unset = old.error_code and {'error_code', 'error_message', 'error_details'} or {}
              local function put(name, value)
                if value then
                  set[#set + 1] = name
                  set[#set + 1] = value
                elseif old[name] then
                  unset[#unset + 1] = name
                end
              end
              local deadline = old.timeout and text(at + old.timeout)
              put('worker', ARGV[6] ~= '' and ARGV[6])
              put('claimed_lease', not old.lease and ARGV[7])
              put('deadline', deadline)
              call('HSET', process, unpack(set))
              if #unset > 0 then call('HDEL', process, unpack(unset)) end
              call('ZREM', queue, id)
              call('ZREM', P .. 'process_status:pending', id)
              call('ZADD', P .. 'process_status:running', old.created_at, id)
              if old.parent_id then
                local score = text(\(RedisChildScore.first(of: .running)) + within(tonumber(old.created_at)))
                try('ZADD', P .. 'process_children:' .. old.parent_id, score, id)
              end
              call('ZADD', P .. 'process_leases', lease, id)
              if deadline then
                call('ZADD', P .. 'process_deadlines', deadline, id)
              elseif old.deadline then
                call('ZREM', P .. 'process_deadlines', id)
              end
              try('PUBLISH', ARGV[8], id .. ' ' .. revision .. ' running')
              claimed[#claimed + 1] = {id, fields}
              bytes = bytes + #(old.input or '')
            end
          end
        end
        return {time, claimed}
        """
}
