/// Tells the body of one request from that of another which came with the same idempotency key.
///
/// FNV-1a of 128 bits, with the length. It is not cryptographic: whoever tries hard can find two bodies with one
/// fingerprint, and fools himself, since the key is his own. That two bodies share one by accident does not happen.
struct BodyFingerprint: Hashable {
    /// The fingerprint: 32 hexadecimal digits, a hyphen, the length in bytes.
    let text: String

    /// Computes it.
    init(_ body: [UInt8]) {
        // The offset basis, and the prime 2^88 + 0x13b: a shift and a small factor in the place of a full product.
        var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
        for byte in body {
            hash ^= UInt128(byte)
            hash = (hash &<< 88) &+ hash &* 0x13b
        }
        let digits = String(hash, radix: 16)
        self.text = String(repeating: "0", count: 32 - digits.utf8.count) + digits + "-\(body.count)"
    }
}
