/// A decimal number exactly as it was written: `significand` × 10^`exponent`.
struct DecimalNumber {
    let isNegative: Bool

    /// The digits without zeros at either end; at most 19 of them.
    let significand: UInt64

    /// Saturates: beyond any use long before it overflows.
    let exponent: Int

    /// Whether digits that are not 0 were dropped because there were more than 19.
    let isCut: Bool

    /// Whether there is nothing but zeros behind the decimal point.
    let isWhole: Bool

    /// Reads a number in JSON's form, `-12.5e3`, except that zeros in front are taken; nil where `text` is none.
    ///
    /// - Parameters:
    ///   - text: The number and nothing else.
    ///   - exponentAllowed: Whether `e` may follow the digits.
    init?(_ text: UnsafeRawBufferPointer, exponentAllowed: Bool = true) {
        var position = 0
        func next() -> UInt8 { position < text.count ? text[position] : 0 }

        let isNegative = next() == UInt8(ascii: "-")
        if isNegative { position += 1 }

        var digits = DigitCollector()
        guard JSONScanner.isDigit(next()) else { return nil }
        while JSONScanner.isDigit(next()) {
            digits.append(next())
            position += 1
        }
        if next() == UInt8(ascii: ".") {
            position += 1
            guard JSONScanner.isDigit(next()) else { return nil }
            digits.isBehindPoint = true
            while JSONScanner.isDigit(next()) {
                digits.append(next())
                position += 1
            }
        }
        var shift = 0
        if exponentAllowed, next() | 0x20 == UInt8(ascii: "e") {
            position += 1
            let isShiftNegative = next() == UInt8(ascii: "-")
            if isShiftNegative || next() == UInt8(ascii: "+") { position += 1 }
            guard JSONScanner.isDigit(next()) else { return nil }
            while JSONScanner.isDigit(next()) {
                shift = min(shift * 10 + Int(next() - UInt8(ascii: "0")), 1 << 40)
                position += 1
            }
            if isShiftNegative { shift = -shift }
        }
        guard position == text.count else { return nil }

        self.isNegative = isNegative
        self.significand = digits.significand
        self.isCut = digits.isCut
        self.exponent = digits.significand == 0 ? 0 : digits.exponent + shift
        self.isWhole = digits.significand == 0 || digits.lastExponent + shift >= 0
    }

    /// The number times `factor`, rounded to the nearest whole one, half away from zero; nil where that is beyond `UInt64`.
    /// The sign is left out.
    func magnitude(times factor: UInt64) -> UInt64? {
        if self.significand == 0 { return 0 }
        var product = UInt128(self.significand) * UInt128(factor)
        if self.exponent >= 0 {
            for _ in 0..<self.exponent {
                if product > UInt128(UInt64.max) { return nil }
                product *= 10
            }
            return UInt64(exactly: product)
        }
        if self.exponent < -38 { return 0 }  // less than 2^128 / 10^39, below a half
        var divisor: UInt128 = 1
        for _ in 0..<(-self.exponent) { divisor *= 10 }
        let (quotient, remainder) = product.quotientAndRemainder(dividingBy: divisor)
        return UInt64(exactly: remainder >= divisor - remainder ? quotient + 1 : quotient)
    }
}

extension Int64 {
    /// The integer that `number` is, nil where it is not whole or out of range.
    init?(exactly number: DecimalNumber) {
        guard number.isWhole, !number.isCut, let magnitude = number.magnitude(times: 1) else { return nil }
        if number.isNegative {
            guard magnitude <= Int64.min.magnitude else { return nil }
            self = Int64(truncatingIfNeeded: 0 &- magnitude)
        } else {
            guard let value = Int64(exactly: magnitude) else { return nil }
            self = value
        }
    }
}

/// Puts digits together, keeping zeros back until another digit follows: `1.000…0` is `1`, however many there are.
private struct DigitCollector {
    var significand: UInt64 = 0
    var isCut = false
    var isBehindPoint = false

    private var trailingZeros = 0
    private var digitCount = 0
    private var heldZeros = 0
    private var digitsBehindPoint = 0
    private var cutDigits = 0

    mutating func append(_ character: UInt8) {
        if self.isBehindPoint { self.digitsBehindPoint += 1 }
        let digit = UInt64(character - UInt8(ascii: "0"))
        self.trailingZeros = digit == 0 ? self.trailingZeros + 1 : 0
        if self.isCut {
            self.cutDigits += 1
        } else if digit == 0 {
            if self.digitCount > 0 { self.heldZeros += 1 }
        } else if self.digitCount + self.heldZeros + 1 > 19 {
            self.isCut = true
            self.cutDigits = self.heldZeros + 1
            self.heldZeros = 0
        } else {
            for _ in 0..<self.heldZeros { self.significand *= 10 }
            self.significand = self.significand * 10 + digit
            self.digitCount += self.heldZeros + 1
            self.heldZeros = 0
        }
    }

    /// The power of ten that the significand is to be multiplied with.
    var exponent: Int { self.heldZeros + self.cutDigits - self.digitsBehindPoint }

    /// The power of ten that the last digit other than 0 counts, one that was cut off included.
    var lastExponent: Int { self.trailingZeros - self.digitsBehindPoint }
}
