internal import CHiredis

/// hiredis' reader, which calls back for each part of a reply instead of building a tree of it.
///
/// The parts go into one flat list that is used again for the next reply, so that reading costs no allocation per part.
/// Used by one connection, on its loop.
struct RedisReplyParser: ~Copyable {
    /// What has been read of the replies so far; as long as the parser is there.
    let parts: UnsafeMutablePointer<RedisReplyParts>
    private let reader: UnsafeMutablePointer<redisReader>

    init() {
        guard let reader = redisReaderCreateWithFunctions(callbacks) else {
            fatalError("no memory for a reader of replies")
        }
        self.parts = .allocate(capacity: 1)
        self.parts.initialize(to: RedisReplyParts())
        self.reader = reader
        reader.pointee.privdata = UnsafeMutableRawPointer(self.parts)
    }

    deinit {
        redisReaderFree(self.reader)
        self.parts.deinitialize(count: 1)
        self.parts.deallocate()
    }

    /// Takes bytes that came in. They are copied.
    ///
    /// - Parameter bytes: The bytes.
    /// - Returns: Whether there was memory for them.
    func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        redisReaderFeed(self.reader, bytes.baseAddress, bytes.count) == REDIS_OK
    }

    /// What came of looking for one more reply.
    enum Outcome {
        /// It is whole, and its parts stand behind those of the replies before it.
        case reply
        /// More bytes have to come first.
        case incomplete
        /// What came is not RESP.
        case malformed(String)
    }

    /// Reads one more reply.
    ///
    /// - Returns: Whether there was one.
    func next() -> Outcome {
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(self.reader, &reply) == REDIS_OK else {
            return .malformed(
                withUnsafeBytes(of: self.reader.pointee.errstr) { text in
                    String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return reply == nil ? .incomplete : .reply
    }
}

/// The parts of the replies to one batch of commands, in the order in which they came: an array is followed by its
/// elements.
///
/// In memory of its own rather than in an object: each part is an access, and those to an object are counted.
struct RedisReplyParts {
    /// One part.
    enum Part {
        /// A bulk string: where its bytes are.
        case bytes(offset: Int, count: Int)
        /// A simple string, such as `OK`.
        case status(offset: Int, count: Int)
        /// An error: where its text is.
        case error(offset: Int, count: Int)
        case integer(Int64)
        case null
        /// So many replies follow, each of which may be an array.
        case array(count: Int)
    }

    fileprivate(set) var parts: [Part] = []
    private(set) var bytes: [UInt8] = []

    /// A batch may have been 500 whole processes; no connection keeps that much for the next one.
    private static let keptByteCount = 1 << 20

    mutating func removeAll() {
        self.parts.removeAll(keepingCapacity: self.parts.capacity <= Self.keptByteCount / 8)
        self.bytes.removeAll(keepingCapacity: self.bytes.capacity <= Self.keptByteCount)
    }

    fileprivate mutating func take(_ type: Int32, _ text: UnsafeRawBufferPointer) {
        let offset = self.bytes.count
        self.bytes.append(contentsOf: text)
        switch type {
        case REDIS_REPLY_ERROR: self.parts.append(.error(offset: offset, count: text.count))
        case REDIS_REPLY_STATUS: self.parts.append(.status(offset: offset, count: text.count))
        default: self.parts.append(.bytes(offset: offset, count: text.count))
        }
    }
}

/// hiredis asks for an object for each part and only looks whether it is one; nothing is ever read through it.
private var someObject: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: 1) }

private func parts(_ task: UnsafePointer<redisReadTask>?) -> UnsafeMutablePointer<RedisReplyParts>? {
    task?.pointee.privdata?.assumingMemoryBound(to: RedisReplyParts.self)
}

/// `nonisolated(unsafe)`: written once, here, before hiredis can see it, and only read after that.
nonisolated(unsafe) private let callbacks: UnsafeMutablePointer<redisReplyObjectFunctions> = {
    let callbacks = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
    callbacks.initialize(
        to: redisReplyObjectFunctions(
            createString: { task, text, count in
                guard let task, let parts = parts(task) else { return nil }
                parts.pointee.take(task.pointee.type, UnsafeRawBufferPointer(start: text, count: count))
                return someObject
            },
            createArray: { task, count in
                parts(task)?.pointee.parts.append(.array(count: Int(count)))
                return someObject
            },
            createInteger: { task, number in
                parts(task)?.pointee.parts.append(.integer(number))
                return someObject
            },
            createNil: { task in
                parts(task)?.pointee.parts.append(.null)
                return someObject
            },
            freeObject: { _ in }))
    return callbacks
}()
