import Testing

@testable import ProcessCore

@Suite("Secret and clocks")
struct SupportSecretTests {
    private struct Account {
        let user = "ada"
        let password: Secret? = Secret("hunter2")
    }

    @Test("a secret shows in no description, interpolation, reflection or dump")
    func redaction() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(Account(), to: &dumped)
        dump(secret, to: &dumped)
        let shown = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(Account())",
            String(reflecting: Account()), "\(Optional(secret) as Any)", "\([secret: secret])", dumped,
            Mirror(reflecting: secret).children.map { "\($0.value)" }.joined(),
        ]
        for text in shown { #expect(!text.contains("hunter2")) }
        #expect("\(secret)" == "<redacted>")
        #expect(secret.exposed == "hunter2")
        #expect(secret == Secret("hunter2") && secret != Secret("hunter3"))
    }

    @Test("the machine's clock tells a time of this century, and the monotonic one never runs back")
    func clocks() {
        let time = SystemWallClock().now()
        #expect(time > Timestamp(milliseconds: 1_700_000_000_000) && time < Timestamp(milliseconds: 4_102_444_800_000))
        var last = MonotonicInstant.now
        for _ in 0..<1000 {
            let now = MonotonicInstant.now
            #expect(now >= last)
            last = now
        }
        let (early, late) = (MonotonicInstant(nanoseconds: 5), MonotonicInstant(nanoseconds: 12))
        #expect(late.nanoseconds(since: early) == 7)
        #expect(early.nanoseconds(since: late) == 0)
    }
}
