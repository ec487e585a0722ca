internal import CHiredis

/// hiredis' reader, which calls back for each part of a reply instead of building a tree of it.
///
/// The parts go into one flat list that is used again for the next reply, so that reading costs no allocation per part.
/// Used by one connection, on its loop.
struct RedisReplyParser: ~Copyable {
    /// What has been read of the replies so far.
    let parts = RedisReplyParts()
    private let reader: UnsafeMutablePointer<redisReader>

    init() {
        guard let reader = redisReaderCreateWithFunctions(RedisReplyParts.callbacks) else {
            fatalError("no memory for a reader of replies")
        }
        reader.pointee.privdata = Unmanaged.passUnretained(self.parts).toOpaque()
        self.reader = reader
    }

    deinit {
        redisReaderFree(self.reader)
    }

    /// Takes bytes that came in. They are copied.
    ///
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
/// Valid until the batch has been handled; then the memory is used for the next one. Belongs to one connection and is
/// touched on its loop only.
final class RedisReplyParts {
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

    private(set) var parts: [Part] = []
    private(set) var bytes: [UInt8] = []

    /// A batch may have been 500 whole processes; no connection keeps that much for the next one.
    private static let keptByteCount = 1 << 20

    func removeAll() {
        self.parts.removeAll(keepingCapacity: self.parts.capacity <= Self.keptByteCount / 8)
        self.bytes.removeAll(keepingCapacity: self.bytes.capacity <= Self.keptByteCount)
    }

    private func take(_ type: Int32, _ text: UnsafeRawBufferPointer) {
        let offset = self.bytes.count
        self.bytes.append(contentsOf: text)
        switch type {
        case REDIS_REPLY_ERROR: self.parts.append(.error(offset: offset, count: text.count))
        case REDIS_REPLY_STATUS: self.parts.append(.status(offset: offset, count: text.count))
        default: self.parts.append(.bytes(offset: offset, count: text.count))
        }
    }

    /// hiredis asks for an object for each part and only looks whether it is one; nothing is ever read through it.
    private static var someObject: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: 1) }

    /// `nonisolated(unsafe)`: written once, here, before hiredis can see it, and only read after that.
    nonisolated(unsafe) fileprivate static let callbacks: UnsafeMutablePointer<redisReplyObjectFunctions> = {
        let callbacks = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        callbacks.initialize(
            to: redisReplyObjectFunctions(
                createString: { task, text, count in
                    guard let task else { return nil }
                    RedisReplyParts.of(task).take(
                        task.pointee.type, UnsafeRawBufferPointer(start: text, count: count))
                    return RedisReplyParts.someObject
                },
                createArray: { task, count in
                    guard let task else { return nil }
                    RedisReplyParts.of(task).parts.append(.array(count: Int(count)))
                    return RedisReplyParts.someObject
                },
                createInteger: { task, number in
                    guard let task else { return nil }
                    RedisReplyParts.of(task).parts.append(.integer(number))
                    return RedisReplyParts.someObject
                },
                createNil: { task in
                    guard let task else { return nil }
                    RedisReplyParts.of(task).parts.append(.null)
                    return RedisReplyParts.someObject
                },
                freeObject: { _ in }))
        return callbacks
    }()

    private static func of(_ task: UnsafePointer<redisReadTask>) -> RedisReplyParts {
        Unmanaged<RedisReplyParts>.fromOpaque(task.pointee.privdata).takeUnretainedValue()
    }
}
