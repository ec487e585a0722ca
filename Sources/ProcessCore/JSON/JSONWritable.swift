/// A value that can be written as JSON.
public protocol JSONWritable {
    /// Writes exactly one value.
    ///
    /// - Parameter writer: What to write to.
    func write(to writer: inout JSONWriter)
}

extension Optional: JSONWritable where Wrapped: JSONWritable {
    /// Writes the value, or `null`.
    ///
    /// - Parameter writer: What to write to.
    @inlinable
    public func write(to writer: inout JSONWriter) {
        switch self {
        case .some(let value): value.write(to: &writer)
        case .none: writer.null()
        }
    }
}

extension Array: JSONWritable where Element: JSONWritable {
    /// Writes an array.
    ///
    /// - Parameter writer: What to write to.
    @inlinable
    public func write(to writer: inout JSONWriter) {
        writer.beginArray()
        for element in self { element.write(to: &writer) }
        writer.endArray()
    }
}

extension Bool: JSONWritable {
    /// Writes `true` or `false`.
    ///
    /// - Parameter writer: What to write to.
    @inlinable
    public func write(to writer: inout JSONWriter) {
        if self { writer.literal("true") } else { writer.literal("false") }
    }
}

extension Int: JSONWritable {
    /// Writes a number.
    ///
    /// - Parameter writer: What to write to.
    @inlinable
    public func write(to writer: inout JSONWriter) { writer.writeInteger(Int64(self)) }
}

extension Int64: JSONWritable {
    /// Writes a number.
    ///
    /// - Parameter writer: What to write to.
    @inlinable
    public func write(to writer: inout JSONWriter) { writer.writeInteger(self) }
}

extension Double: JSONWritable {
    /// Writes the shortest number that reads back as the same value, without `.0` where it is whole: `42`, `0.1`, `1e+300`.
    /// What JSON has no number for (infinity, not a number) is written as `null`.
    ///
    /// - Parameter writer: What to write to.
    public func write(to writer: inout JSONWriter) {
        if self == 0 && self.sign == .minus {
            writer.literal("-0")
        } else if let integer = Int64(exactly: self), integer.magnitude <= 1 << 53 {
            writer.writeInteger(integer)
        } else if self.isFinite {
            var text = self.description
            text.withUTF8 { writer.writeRaw(UnsafeRawBufferPointer($0)) }
        } else {
            writer.null()
        }
    }
}

extension String: JSONWritable {
    /// Writes a string, with escapes for what RFC 8259 demands them for: quotes, backslashes, control characters.
    ///
    /// - Parameter writer: What to write to.
    public func write(to writer: inout JSONWriter) {
        let isWritten: Void? = self.utf8.withContiguousStorageIfAvailable {
            writer.writeString(UnsafeRawBufferPointer($0))
        }
        if isWritten == nil {
            var copy = self
            copy.withUTF8 { writer.writeString(UnsafeRawBufferPointer($0)) }
        }
    }
}

extension JSONText: JSONWritable {
    /// Writes the text as it is.
    ///
    /// - Parameter writer: What to write to.
    public func write(to writer: inout JSONWriter) { self.withUnsafeBytes { writer.writeRaw($0) } }
}

extension Timestamp: JSONWritable {
    /// Writes the time by RFC 3339, in quotes.
    ///
    /// - Parameter writer: What to write to.
    public func write(to writer: inout JSONWriter) {
        writer.beginValue(reserving: Timestamp.textLength + 2)
        let target = writer.base + writer.length
        target[0] = UInt8(ascii: "\"")
        self.writeText(to: target + 1)
        target[Timestamp.textLength + 1] = UInt8(ascii: "\"")
        writer.length += Timestamp.textLength + 2
    }
}

extension Duration: JSONWritable {
    /// Writes the duration's `text`, in quotes.
    ///
    /// - Parameter writer: What to write to.
    public func write(to writer: inout JSONWriter) {
        let (number, unit) = self.textParts
        writer.beginValue(reserving: 24)
        writer.appendByte(UInt8(ascii: "\""))
        writer.appendDigits(of: number)
        unit.withUTF8Buffer { for byte in $0 { writer.appendByte(byte) } }
        writer.appendByte(UInt8(ascii: "\""))
    }
}
