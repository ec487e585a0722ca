/// A Lua script that the server runs in one atomic step.
///
/// All of them get `process_ids` as their one key, which says in a cluster on which node they run, and the prefix of all
/// keys as their first argument: with a hash tag in it, every key they make up is on that node too. The second argument
/// is the time where a test sets it, else empty.
///
/// Each looks at all it depends on (what is there, of what type, in which revision) before its first write, since
/// Redis undoes nothing that a failing script has written; and publishes last, by `pcall`, because a message is a hint.
enum RedisScript: Int, CaseIterable, Sendable {
    case insert, replace, claim, counts, cleanup, removeCorrupt, forgetExpired, repair, append, chunks, keepOutput
    case removeStreams, takeBack

    /// The Lua text.
    var source: String { Self.sources[self.rawValue] }

    private static let sources: [String] = Self.allCases.map { script in
        let parts =
            switch script {
            case .insert: [lookup, types, insertBody]
            case .replace: [lookup, types, replaceBody]
            case .claim: [byteOrder, forget, claimBody]
            case .counts: [countsBody]
            case .cleanup: [byteOrder, forget, removal, cleanupBody]
            case .removeCorrupt: [forget, removal, removeCorruptBody]
            case .forgetExpired: [forgetExpiredBody]
            case .repair: [forget, repairBody]
            case .append: [lookup, appendBody]
            case .chunks: [chunksBody]
            case .keepOutput: [lookup, keepOutputBody]
            case .removeStreams: [removeStreamsBody]
            case .takeBack: [takeBackBody]
            }
        return ([prelude] + parts).joined(separator: "\n")
    }

    /// What errors call it.
    var subject: StaticString {
        switch self {
        case .insert: "the insert"
        case .replace: "the replace"
        case .claim: "the claim"
        case .counts: "the counts"
        case .cleanup, .removeCorrupt: "the cleanup"
        case .forgetExpired: "the removal of expired tombstones"
        case .repair: "the repair of an index"
        case .append: "the append"
        case .chunks: "the look at the output"
        case .keepOutput: "the move of output"
        case .removeStreams: "the removal of output"
        case .takeBack: "taking back the insert"
        }
    }
}

// What several scripts begin with.
extension RedisScript {
    private static let prelude = """
        local P = ARGV[1]
        local call, try = redis.call, redis.pcall
        local clock = ARGV[2] ~= '' and tonumber(ARGV[2])
        local function now()
          if not clock then
            local time = call('TIME')
            clock = time[1] * 1000 + math.floor(time[2] / 1000)
          end
          return clock
        end
        -- tostring would write 1.7e+12, and formatting a fraction takes twice as long.
        local function text(number) return string.format('%d', number) end
        """

    /// `lookup(id)`: what is known of an id, as the driver reads it. `remembered(id)`: its tombstone, or false.
    private static let lookup = """
        local function remembered(id)
          local entry = call('HGET', P .. 'process_removed', id)
          if not entry then return false end
          local status, removed, forgotten = string.match(entry, '^(%a+) (-?%d+) (-?%d+)$')
          if not status or tonumber(forgotten) <= now() then return false end
          return {'removed', status, removed}
        end
        local function lookup(id)
          local hash = try('HGETALL', P .. 'process:' .. id)
          if hash.err then return {'foreign'} end
          if #hash > 0 then return {'found', hash} end
          return remembered(id) or {'missing'}
        end
        """

    /// `mistyped(type, keys)`: an error if something of another type is there; Redis would notice in the middle of the writes.
    ///
    /// An intersection with a key that is never there looks at the types of all in one command, and at nothing else. To it a
    /// set is as good as a sorted set, which is the one mistake that it does not see.
    private static let types = """
        local function mistyped(wanted, keys)
          local reply
          if wanted == 'set' then
            reply = try('SINTER', unpack(keys))
          else
            reply = try('ZINTER', #keys, unpack(keys))
          end
          if not reply.err then return false end
          for _, key in ipairs(keys) do
            local found = call('TYPE', key).ok
            if found ~= wanted and found ~= 'none' then
              return redis.error_reply('WRONGTYPE ' .. key .. ' is a ' .. found .. ', not a '
                .. (wanted == 'zset' and 'sorted set' or wanted))
            end
          end
          return redis.error_reply(reply.err)
        end
        -- Behind the others: an older server looks no further.
        local never = P .. '\(RedisKeys.never)'
        """

    /// `before(a, b)`: the order of ids. The `<` of Lua goes by the server's locale.
    private static let byteOrder = """
        local function before(a, b)
          for i = 1, math.min(#a, #b) do
            local x, y = string.byte(a, i), string.byte(b, i)
            if x ~= y then return x < y end
          end
          return #a < #b
        end
        """

    /// `forget(id)`: takes an id out of every index with a fixed name; what it put out has no other index.
    private static let forget: String = {
        let names = RedisKeys.sharedIndexes.map { "'\($0)'" }.joined(separator: ", ")
        return """
            local shared = {\(names)}
            local function forget(id)
              call('SREM', P .. 'process_ids', id)
              for _, key in ipairs(shared) do call('ZREM', P .. key, id) end
              if call('ZREM', P .. 'process_streams', id) == 1 then call('UNLINK', P .. 'process_stream:' .. id) end
            end
            """
    }()

    /// `remove(id, kind, queue, parent, revision, status, lifetime)`: notes that a process goes with all that belongs to it,
    /// and is remembered; `leave(index, id)`: that it leaves an index; `gone`: which ones go. `finishRemoval(channel)`: has it
    /// happen, for all of them in a few commands, since everybody else waits meanwhile; and keeps the number of tombstones
    /// bounded.
    private static let removal = """
        local gone, ids, keys, entries, times, messages, leaving, names = {}, {}, {}, {}, {}, {}, {}, {}
        local function leave(index, id)
          leaving[index] = leaving[index] or {}
          table.insert(leaving[index], id)
        end
        local function remove(id, kind, queue, parent, revision, status, lifetime)
          gone[id] = true
          ids[#ids + 1] = id
          if kind then
            leave('process_kind:' .. kind, id)
            names['process_kind:' .. kind] = {'process_kinds', kind}
          end
          if queue then
            leave('process_queue:' .. queue, id)
            names['process_queue:' .. queue] = {'process_queues', queue}
          end
          -- At once: the parent may be the next one that is looked at.
          if parent then call('ZREM', P .. 'process_children:' .. parent, id) end
          leave('process_streams', id)
          for _, sort in ipairs({'process:', 'process_children:', 'process_stream:'}) do
            keys[#keys + 1] = P .. sort .. id
          end
          local forgotten = text(now() + lifetime)
          entries[#entries + 1] = id
          entries[#entries + 1] = status .. ' ' .. text(now()) .. ' ' .. forgotten
          times[#times + 1] = forgotten
          times[#times + 1] = id
          messages[#messages + 1] = id .. ' ' .. revision .. ' removed'
        end
        local function inParts(list, body)
          for i = 1, #list, 1000 do body(unpack(list, i, math.min(i + 999, #list))) end
        end
        local function finishRemoval(channel)
          inParts(ids, function(...) call('SREM', P .. 'process_ids', ...) end)
          for index, members in pairs(leaving) do
            inParts(members, function(...) call('ZREM', P .. index, ...) end)
          end
          for index, name in pairs(names) do
            if call('EXISTS', P .. index) == 0 then call('SREM', P .. name[1], name[2]) end
          end
          inParts(keys, function(...) call('UNLINK', ...) end)
          inParts(entries, function(...) call('HSET', P .. 'process_removed', ...) end)
          inParts(times, function(...) call('ZADD', P .. 'process_tombstones', ...) end)
          for _, message in ipairs(messages) do try('PUBLISH', channel, message) end
          local excess = call('ZCARD', P .. 'process_tombstones') - 1000000
          if excess <= 0 then return end
          local oldest = call('ZPOPMIN', P .. 'process_tombstones', excess)
          for i = 1, #oldest, 2 do call('HDEL', P .. 'process_removed', oldest[i]) end
        end
        """
}
