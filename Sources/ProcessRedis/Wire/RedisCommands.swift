/// Commands on their way to Redis, as the bytes that go over the wire (RESP arrays of bulk strings).
///
/// Every argument is counted, never parsed: nothing in an id or a payload can end a command or begin another one.
/// hiredis' own formatter takes pointers to all arguments at once, so each would have to be copied twice before it
/// reaches the connection; this writes each once, where it stays (decision 0007 has the figures).
struct RedisCommands: Sendable {
    /// What is sent.
    private(set) var bytes: [UInt8] = []
    /// How many replies will come.
    private(set) var replyCount = 0

    private var argumentCount = 0
    private var headerPosition = 0

    init(capacity: Int = 768) {
        self.bytes.reserveCapacity(capacity)
    }

    /// A whole command whose arguments are constants or short texts.
    init(_ name: StaticString, _ arguments: String...) {
        self.init(capacity: 256)
        self.append(name, arguments)
    }

    /// Adds a whole command.
    mutating func append(_ name: StaticString, _ arguments: [String]) {
        self.begin(name)
        for argument in arguments { self.add(argument) }
        self.end()
    }

    /// Begins a command; arguments follow, then ``end()``.
    mutating func begin(_ name: StaticString) {
        self.headerPosition = self.bytes.count
        self.argumentCount = 0
        // Most commands that are built piece by piece have two digits' worth of arguments; `end` makes room for others.
        self.bytes.append(contentsOf: [UInt8(ascii: "*"), 0, 0, UInt8(ascii: "\r"), UInt8(ascii: "\n")])
        self.add(name)
    }

    /// Ends the command that was begun last.
    mutating func end() {
        let digits = self.headerPosition + 1
        switch self.argumentCount {
        case 10..<100:
            self.bytes[digits] = UInt8(ascii: "0") + UInt8(self.argumentCount / 10)
            self.bytes[digits + 1] = UInt8(ascii: "0") + UInt8(self.argumentCount % 10)
        default:
            self.bytes.replaceSubrange(digits..<(digits + 2), with: String(self.argumentCount).utf8)
        }
        self.replyCount += 1
    }

    /// Adds an argument.
    mutating func add(_ text: StaticString) {
        self.addLength(text.utf8CodeUnitCount)
        self.bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        self.addLineEnd()
    }

    /// Adds an argument.
    mutating func add(_ text: String) {
        self.addLength(text.utf8.count)
        self.bytes.append(contentsOf: text.utf8)
        self.addLineEnd()
    }

    /// Adds an argument made of two parts, such as a key and what it is the key of.
    mutating func add(_ first: String, _ second: String) {
        self.addLength(first.utf8.count + second.utf8.count)
        self.bytes.append(contentsOf: first.utf8)
        self.bytes.append(contentsOf: second.utf8)
        self.addLineEnd()
    }

    /// Adds an argument.
    mutating func add(_ bytes: [UInt8]) {
        self.addLength(bytes.count)
        self.bytes.append(contentsOf: bytes)
        self.addLineEnd()
    }

    /// Adds a decimal number as an argument.
    mutating func add(_ number: Int64) {
        if 0...9 ~= number {
            self.addLength(1)
            self.bytes.append(UInt8(ascii: "0") + UInt8(number))
        } else {
            let (digits, start) = Self.digits(of: number)
            self.addLength(20 - start)
            for index in start..<20 { self.bytes.append(digits[index]) }
        }
        self.addLineEnd()
    }

    /// Adds a decimal number as an argument.
    mutating func add(_ number: Int) { self.add(Int64(number)) }

    private mutating func addLength(_ length: Int) {
        self.argumentCount += 1
        self.bytes.append(UInt8(ascii: "$"))
        if length < 10 {
            self.bytes.append(UInt8(ascii: "0") + UInt8(length))
        } else if length < 100 {
            self.bytes.append(UInt8(ascii: "0") + UInt8(length / 10))
            self.bytes.append(UInt8(ascii: "0") + UInt8(length % 10))
        } else {
            self.bytes.append(contentsOf: String(length).utf8)
        }
        self.addLineEnd()
    }

    private mutating func addLineEnd() {
        self.bytes.append(UInt8(ascii: "\r"))
        self.bytes.append(UInt8(ascii: "\n"))
    }

    private static func digits(of number: Int64) -> (digits: [20 of UInt8], start: Int) {
        var digits = [20 of UInt8](repeating: 0)
        var rest = number.magnitude
        var start = 20
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
        if number < 0 {
            start -= 1
            digits[start] = UInt8(ascii: "-")
        }
        return (digits, start)
    }
}
