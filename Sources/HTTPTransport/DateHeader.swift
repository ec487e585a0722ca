internal import Glibc

/// The line `Date: Sun, 08 Nov 2026 10:00:00 GMT`, made once a second.
struct DateHeader {
    private var second: time_t = -1
    private var bytes: [UInt8] = []

    mutating func line() -> [UInt8] {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        if now.tv_sec != self.second {
            self.second = now.tv_sec
            self.bytes = Self.line(at: now.tv_sec)
        }
        return self.bytes
    }

    /// Not `strftime`, which would write the names of the user's language.
    static func line(at time: time_t) -> [UInt8] {
        var time = time
        var parts = tm()
        gmtime_r(&time, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let date =
            "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
        let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return Array("Date: \(date) \(clock) GMT\r\n".utf8)
    }
}
