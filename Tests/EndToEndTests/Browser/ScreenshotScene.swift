import HTTPTransport
import ProcessCore
import ProcessHTTP
import ProcessSQLite
import ProcessTestSupport

/// A store in the middle of a working day, for pictures: a quarter of an hour in it has passed by a clock that is moved.
final class ScreenshotScene {
    /// The process that is shown in full.
    static let shownID = "nightly-import"

    private struct Step {
        let second: Int
        let path: String
        let body: String
    }

    private var steps: [Step] = []
    private var random = SeededGenerator(seed: 7)

    /// Writes the store.
    ///
    /// - Parameter path: Where its file is to be.
    /// - Throws: What the service refused.
    static func write(to path: String) async throws {
        let clock = ManualClock()
        let repository = try SQLiteProcessRepository.open(SQLiteConfiguration(path: path), now: clock.read)
        let routes = ProcessRoutes(
            manager: ProcessManager(repository: repository),
            service: ServiceStatus(version: "", repositoryType: "sqlite"))
        let scene = ScreenshotScene()
        scene.plan()
        let end = SystemWallClock().now()
        for step in scene.steps.sorted(by: { $0.second < $1.second }) {
            clock.set(to: end + .seconds(step.second))
            let parts = step.path.split(separator: "?").map(String.init)
            let request = HTTPRequest(
                method: .post, path: parts[0], query: parts.count > 1 ? parts[1] : nil, body: Array(step.body.utf8))
            let response = await routes.respond(to: request)
            guard response.status.code < 300 else {
                throw ChildProgram.Failure(
                    description: "\(step.path): \(String(decoding: response.body, as: UTF8.self))")
            }
        }
        await repository.close()
    }

    private func add(_ second: Int, _ path: String, _ body: String = "{}") {
        self.steps.append(Step(second: second, path: path, body: body))
    }

    private func start(_ second: Int, _ id: String, _ kind: String, _ more: String = "") {
        self.add(second, "/start", "{\"kind\":\"\(kind)\",\"id\":\"\(id)\"\(more)}")
    }

    private func plan() {
        self.planDay()
        self.planUnfinished()
        self.planImport()
    }

    /// Work that has passed: more of it in the middle.
    private func planDay() {
        var second = -900
        var number = 1000
        while second < -20 {
            let distance = abs(second + 420)
            second += self.random.int(1...(3 + distance / 50))
            number += 1
            let kind = self.random.pick(["report", "report", "thumbnail", "thumbnail", "thumbnail", "backup"])
            let tenant = self.random.pick(["acme", "globex", "initech"])
            let end = second + self.random.int(2...90)
            self.start(second, "\(kind)-\(number)", kind, ",\"metadata\":{\"tenant\":\"\(tenant)\"}")
            guard end < 0 else { continue }
            switch self.random.int(0...24) {
            case 0, 1:
                let error = #"{"error":{"code":"disk_full","message":"no space left on /var/reports"}}"#
                self.add(end, "/fail/\(kind)-\(number)", error)
            case 2: self.add(end, "/cancel/\(kind)-\(number)?force=true", #"{"reason":"asked for by its owner"}"#)
            default: self.add(end, "/complete/\(kind)-\(number)", "{\"result\":{\"pages\":\(number % 90)}}")
            }
        }
    }

    /// Work that goes on, and work that waits.
    private func planUnfinished() {
        for number in 0..<13 {
            let queue = self.random.pick(["mail", "mail", "mail", "video", "import"])
            self.start(
                -200 + number * 15, "\(queue)-job-\(number)", queue, ",\"queue\":\"\(queue)\",\"max_attempts\":3")
        }
        for (number, page) in [186, 142, 96, 57, 31].enumerated() {
            let id = "report-\(2000 + number)"
            self.start(-30 + number * 5, id, "report", #","metadata":{"tenant":"acme"}"#)
            self.add(-1, "/progress/\(id)", "{\"done\":\(page),\"total\":200,\"message\":\"rendering page \(page)\"}")
        }
        self.start(-6, "backup-3000", "backup", #","metadata":{"tenant":"globex"}"#)
    }

    /// The process that is shown in full.
    private func planImport() {
        let id = Self.shownID
        self.start(
            -412, id, "import",
            """
            ,"queue":"nightly","priority":5,"max_attempts":3,"lease":"10m","timeout":"2h","retain":"30d",
            "metadata":{"tenant":"acme","region":"eu-west"},
            "input":{"customer":12345678901234567890123,"files":["customers.csv","orders.csv"],"ratio":1.10}
            """)
        self.add(-377, "/claim", #"{"queues":["nightly"],"worker":"host-3","limit":1}"#)
        for number in 1...3 {
            self.start(-370, "import-part-\(number)", "import", ",\"parent_id\":\"\(id)\"")
            if number < 3 { self.add(-120 + number, "/complete/import-part-\(number)") }
        }
        let lines = [
            (-360, "reading customers.csv: 18,204 rows"), (-203, "writing customers: 18,204 of 18,204"),
            (-200, "reading orders.csv: 96,551 rows"), (-4, "writing orders: 40,553 of 96,551"),
        ]
        for (second, line) in lines {
            self.add(second, "/stream/\(id)?attempt=1", "{\"type\":\"content\",\"data\":\"\(line)\\n\"}")
        }
        self.add(-300, "/progress/\(id)", #"{"attempt":1,"done":9000,"total":114755,"message":"customers.csv"}"#)
        self.add(
            -4, "/progress/\(id)",
            #"{"attempt":1,"done":58757,"total":114755,"message":"orders.csv: row 40,553 of 96,551"}"#)
    }
}
