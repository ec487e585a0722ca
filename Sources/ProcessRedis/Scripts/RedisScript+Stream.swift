internal import ProcessCore

// The scripts for the output of processes.
//
// The chunks are a stream whose entries have the indexes as their ids. How far the indexes have come, and in which attempt,
// is in the process's hash (`stream_last`, `stream_attempt`), so that it outlives the chunks and is looked at in the same
// command as the status.
extension RedisScript {
    /// Arguments: 3 id, 4 the attempt that must run, or empty for a process without a queue, 5 the index that the first must
    /// get, or empty, 6 how many to keep, 7 channel, then type, data, ….
    ///
    /// What is appended, and under which indexes, is what `StreamAppend` says; the conformance suite compares them.
    static let appendBody = """
        local id, process, stream = ARGV[3], P .. 'process:' .. ARGV[3], P .. 'process_stream:' .. ARGV[3]
        local hash = try('HMGET', process, 'revision', 'status', 'attempt', 'queue', 'stream_last', 'stream_attempt')
        local attempt = not hash.err and hash[1] and hash[2] == 'running' and tonumber(hash[3])
        if not attempt or ARGV[4] == '' and hash[4] or ARGV[4] ~= '' and tonumber(ARGV[4]) ~= attempt then
          return {'refused', lookup(id)}
        end
        local last = tonumber(hash[5]) or 0
        local restarts = last > 0 and tonumber(hash[6]) ~= attempt
        local first = last + (restarts and 2 or 1)
        if ARGV[5] ~= '' and ARGV[5] ~= text(first) then return {'misplaced', text(first)} end

        local found = call('TYPE', stream).ok
        if found ~= 'stream' and found ~= 'none' then return {'foreign'} end
        local isBegun = last == 0 or restarts
        if isBegun then
          local index = call('TYPE', P .. 'process_streams').ok
          if index ~= 'zset' and index ~= 'none' then
            return redis.error_reply('WRONGTYPE ' .. P .. 'process_streams is a ' .. index .. ', not a sorted set')
          end
        end
        -- An earlier process of this id left it, whose hash somebody deleted.
        if last == 0 and found == 'stream' then call('UNLINK', stream) end

        local function add(index, kind, data)
          call('XADD', stream, 'MAXLEN', ARGV[6], text(index) .. '-0', 'type', kind, 'data', data)
        end
        -- The first of these fails, and nothing has been written, where somebody else wrote to the stream.
        if restarts then add(first - 1, 'restart', '{"attempt":' .. text(attempt) .. '}') end
        last = first - 1
        for i = 8, #ARGV, 2 do
          last = last + 1
          add(last, ARGV[i], ARGV[i + 1])
        end
        call('HSET', process, 'stream_last', text(last), 'stream_attempt', text(attempt))
        if isBegun then call('ZADD', P .. 'process_streams', text(now()), id) end
        try('PUBLISH', ARGV[7], id .. ' ' .. text(last) .. ' appended')
        return {'appended', text(first)}
        """

    /// Arguments: 3 id, 4 the index after which to begin, 5 how many at the most, 6 how many bytes.
    ///
    /// Answers status, last index, and index, type, data, …; reads a few at a time, so that no more than a page is looked at.
    static let chunksBody = """
        local hash = try('HMGET', P .. 'process:' .. ARGV[3], 'revision', 'status', 'stream_last')
        if hash.err or not hash[1] or not hash[2] then return {'missing'} end
        local last, after = tonumber(hash[3]) or 0, tonumber(ARGV[4])
        local limit, left = tonumber(ARGV[5]), tonumber(ARGV[6])
        local page, number = {}, 0
        if after < last then
          local from, count, largest = text(after + 1) .. '-0', 4, 1
          repeat
            count = math.min(count, limit - number)
            local entries = try('XRANGE', P .. 'process_stream:' .. ARGV[3], from, text(last) .. '-0', 'COUNT', count)
            if entries.err then return {'foreign'} end
            for _, entry in ipairs(entries) do
              local index, fields = string.match(entry[1], '^(%d+)-0$'), entry[2]
              if not index or #fields ~= 4 or fields[1] ~= 'type' or fields[3] ~= 'data' then return {'foreign'} end
              local size = \(StreamChunk.byteOverhead) + #fields[2] + #fields[4]
              left = left - size
              if left < 0 and number > 0 then
                number = limit
                break
              end
              page[#page + 1] = index
              page[#page + 1] = fields[2]
              page[#page + 1] = fields[4]
              number = number + 1
              largest = math.max(largest, size)
              from = text(index + 1) .. '-0'
            end
            local isLast = #entries < count
            count = math.max(1, math.min(256, math.floor(left / largest)))
          until isLast or number >= limit or left <= 0
        end
        return {'found', hash[2], text(last), page}
        """

    /// Arguments: 3 id, 4 the index of the last chunk that came before, or 0, then index, type, data, ….
    ///
    /// The process is not there yet: should it never come, the removal of output finds the chunks an hour later.
    static let keepOutputBody = """
        local id, stream = ARGV[3], P .. 'process_stream:' .. ARGV[3]
        if lookup(id)[1] ~= 'missing' then return 'known' end
        local index = call('TYPE', P .. 'process_streams').ok
        if index ~= 'zset' and index ~= 'none' then
          return redis.error_reply('WRONGTYPE ' .. P .. 'process_streams is a ' .. index .. ', not a sorted set')
        end
        local found = call('TYPE', stream).ok
        if found ~= 'stream' and found ~= 'none' then return 'foreign' end
        if ARGV[4] == '0' then
          -- An earlier move, or somebody else's, left the same; an earlier process of this id left something else.
          local entry = found == 'stream' and call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
          if entry and (entry[1] ~= (ARGV[5] or '') .. '-0' or entry[2][2] ~= ARGV[6] or entry[2][4] ~= ARGV[7]) then
            call('UNLINK', stream)
          end
        elseif #call('XRANGE', stream, ARGV[4] .. '-0', ARGV[4] .. '-0') == 0 then
          return 'incomplete'
        end
        if #ARGV == 4 then return 'kept' end
        call('ZADD', P .. 'process_streams', text(now() + 3600000), id)
        local there = {}
        local entries = call('XRANGE', stream, ARGV[5] .. '-0', ARGV[#ARGV - 2] .. '-0')
        for _, entry in ipairs(entries) do there[entry[1]] = true end
        for i = 5, #ARGV, 3 do
          local key = ARGV[i] .. '-0'
          if not there[key] then call('XADD', stream, key, 'type', ARGV[i + 1], 'data', ARGV[i + 2]) end
        end
        return 'kept'
        """

    /// Arguments: 3 the time by which a process must have ended, 4 how many to look at. Answers how many there were.
    static let removeStreamsBody = """
        local key, by = P .. 'process_streams', tonumber(ARGV[3])
        local ids = call('ZRANGEBYSCORE', key, '-inf', ARGV[3], 'LIMIT', 0, ARGV[4])
        for _, id in ipairs(ids) do
          local hash = try('HMGET', P .. 'process:' .. id, 'revision', 'finished_at')
          local isThere = not hash.err and hash[1]
          local finished = isThere and tonumber(hash[2])
          if isThere and (not finished or finished > by) then
            -- Beyond the bound in any case, so that it is not found again at once.
            call('ZADD', key, text(finished or math.max(now(), by + 1)), id)
          else
            call('UNLINK', P .. 'process_stream:' .. id)
            call('ZREM', key, id)
          end
        end
        return #ids
        """
}
