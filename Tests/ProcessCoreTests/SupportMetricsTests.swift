import Testing

@testable import ProcessCore

@Suite("Metrics")
struct SupportMetricsTests {
    private struct Failure: Error {}

    private static func text(_ registry: MetricsRegistry) async -> String {
        String(decoding: await registry.render(), as: UTF8.self)
    }

    @Test("families and samples come in alphabetical order, each with its help and type")
    func order() async throws {
        let registry = MetricsRegistry()
        let requests = registry.counters("tracker_z_total", help: "Requests.", labels: ["route", "status"])
        requests.with("/b", "200").increment()
        requests.with("/a", "404").increment(by: 2)
        requests.with("/a", "200").increment(by: 3)
        registry.gauges("tracker_a", help: "A gauge.").with().set(-1.5)
        #expect(
            await Self.text(registry) == """
                # HELP tracker_a A gauge.
                # TYPE tracker_a gauge
                tracker_a -1.5
                # HELP tracker_metrics_failures_total Metrics left out of a scrape because they could not be computed.
                # TYPE tracker_metrics_failures_total counter
                # HELP tracker_z_total Requests.
                # TYPE tracker_z_total counter
                tracker_z_total{route="/a",status="200"} 3
                tracker_z_total{route="/a",status="404"} 2
                tracker_z_total{route="/b",status="200"} 1

                """)
        #expect(requests.with("/a", "200") === requests.with("/a", "200"))
    }

    @Test("a histogram counts each length in its bucket and all above, and its sum is in seconds")
    func histogram() async throws {
        let registry = MetricsRegistry()
        let family = registry.histograms(
            "tracker_wait_seconds", help: "Waits.", labels: ["op"], bounds: .init(seconds: [0.001, 0.5, 2]))
        let histogram = family.with("get")
        for nanoseconds: UInt64 in [0, 1_000_000, 1_000_001, 500_000_000, 3_000_000_000] {
            histogram.observe(nanoseconds: nanoseconds)
        }
        let exposition = try ParsedExposition(await Self.text(registry))
        let samples = exposition.samples.filter { $0.name.hasPrefix("tracker_wait") }
        #expect(samples.map(\.name).dropLast(2).allSatisfy { $0 == "tracker_wait_seconds_bucket" })
        #expect(samples.dropLast(2).map { $0.labels["le"] } == ["0.001", "0.5", "2", "+Inf"])
        #expect(samples.map(\.value) == [2, 4, 4, 5, 3.502000001, 5])
        #expect(histogram.count == 5)
    }

    @Test("label values and help texts are escaped, so that they can't pass for samples")
    func escaping() async throws {
        let registry = MetricsRegistry()
        let nasty = "a\"b\\c\nd} 1\ntracker_forged 2"
        registry.counters("tracker_x_total", help: "One\nline \\ \"quoted\".", labels: ["v"]).with(nasty).increment()
        let text = await Self.text(registry)
        #expect(text.contains(#"# HELP tracker_x_total One\nline \\ "quoted"."# + "\n"))
        let exposition = try ParsedExposition(text)
        #expect(exposition.samples.map(\.name) == ["tracker_x_total"])
        #expect(exposition.samples.first?.labels["v"] == nasty)
    }

    @Test("beyond its limit a label's values all count as other, and those seen before stay")
    func limit() async throws {
        let registry = MetricsRegistry()
        let family = registry.counters("tracker_k_total", help: "By kind.", labels: ["kind"])
        for number in 0..<250 { family.with("kind-\(number)").increment() }
        family.with("kind-3").increment()
        let samples = try ParsedExposition(await Self.text(registry)).samples.filter { $0.name == "tracker_k_total" }
        #expect(samples.count == 201)
        #expect(samples.first { $0.labels["kind"] == "other" }?.value == 50)
        #expect(samples.first { $0.labels["kind"] == "kind-3" }?.value == 2)
        #expect(samples.reduce(0) { $0 + $1.value } == 251)
    }

    @Test("computed gauges are asked at each scrape, and beyond a limit the same labels show the sum, or the greatest")
    func computed() async throws {
        let registry = MetricsRegistry()
        let labels = [MetricLabel("queue", limit: 2)]
        let gauges = [
            ComputedGauge("tracker_age", help: "By queue.", labels: labels, merging: .maximum),
            ComputedGauge("tracker_depth", help: "By queue.", labels: labels),
            ComputedGauge("tracker_none", help: "Of nothing."),
        ]
        registry.computedGauges(gauges) {
            let samples: [ComputedGauge.Sample] = [(["c"], 4), (["a"], 1), (["d"], 8), (["b"], 2)]
            return [samples, samples, []]
        }
        let exposition = try ParsedExposition(await Self.text(registry))
        #expect(
            exposition.samples.map(\.name) == Array(repeating: "tracker_age", count: 3)
                + Array(repeating: "tracker_depth", count: 3))
        #expect(exposition.samples.map { $0.labels["queue"] } == ["a", "b", "other", "a", "b", "other"])
        #expect(exposition.samples.map(\.value) == [1, 2, 8, 1, 2, 12])
        #expect(exposition.families["tracker_none"] == nil)
    }

    @Test("a gauge that can't be computed is left out and counted, and the others are there")
    func failing() async throws {
        let registry = MetricsRegistry()
        let broken = ["tracker_broken", "tracker_too"].map { ComputedGauge($0, help: "Never there.") }
        registry.computedGauges(broken) { throw Failure() }
        registry.gauges("tracker_fine", help: "Always there.").with().set(1)
        let text = await Self.text(registry)
        #expect(!text.contains("tracker_broken gauge"))
        #expect(text.contains("\ntracker_fine 1\n"))
        #expect(text.contains(#"tracker_metrics_failures_total{metric="tracker_broken"} 1"#))
        #expect(text.contains(#"tracker_metrics_failures_total{metric="tracker_too"} 1"#))
    }

    @Test("numbers are written as the format has them")
    func numbers() {
        let shown: [(MetricNumber, String)] = [
            (.whole(.max), "18446744073709551615"), (.real(1), "1"), (.real(-0.25), "-0.25"), (.real(1e21), "1e+21"),
            (.real(.infinity), "+Inf"), (.real(-.infinity), "-Inf"), (.real(.nan), "NaN"), (.real(0.0001), "0.0001"),
        ]
        for (number, text) in shown { #expect(MetricExposition.text(number) == text) }
    }

    @Test("nothing is lost when many tasks count at once")
    func concurrency() async {
        let registry = MetricsRegistry()
        let family = registry.counters("tracker_c_total", help: "Counts.", labels: ["n"])
        let row = registry.counters("tracker_s_total", help: "Counts.", labels: ["route", "status"]).byStatus("/")
        let (gauge, histogram) = (Gauge(), Histogram())
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for _ in 0..<2000 {
                        family.with("\(task % 2)").increment()
                        row[200].increment()
                        gauge.add(0.5)
                        histogram.observe(nanoseconds: 1)
                    }
                }
            }
        }
        #expect(family.with("0").value == 8000)
        #expect(row[200].value == 16000)
        #expect(gauge.value == 8000)
        #expect(histogram.count == 16000)
    }

    @Test("a row by status gives the family's own instruments, and a code out of range counts as 599")
    func byStatus() {
        let family = MetricsRegistry().counters("tracker_s_total", help: "Counts.", labels: ["route", "status"])
        let row = family.byStatus("/status/{id}")
        #expect(row[404] === family.with("/status/{id}", "404"))
        #expect(row[100] === family.with("/status/{id}", "100"))
        #expect(row[7] === row[599] && row[600] === row[599])
    }

    @Test("every metric of the service is well formed, and what alerts look at starts at zero")
    func trackerMetrics() async throws {
        let metrics = TrackerMetrics(version: "1.2.3")
        let store = InMemoryProcessRepository(now: { .at(5000) })
        for number in 0..<3 {
            var start = ProcessStart(kind: "report")
            start.queue = number == 2 ? "later" : "q"
            if number == 2 { start.runAfter = .at(.at(9000)) }
            let record = ProcessRecord(
                starting: start, as: ProcessID(trusted: "p\(number)"), at: .at(Int64(number) * 1000))
            _ = try await store.insert(ProcessInsertion(record))
        }
        metrics.count(in: store)
        metrics.httpRequests.with("/start", "POST", "202").increment()
        metrics.httpRequestDuration.with("/start").observe(nanoseconds: 150_000)
        metrics.storeOperationDuration.with("insert").observe(since: .now)
        let exposition = try ParsedExposition(await Self.text(metrics.registry))
        #expect(exposition.value("tracker_build_info", ["version": "1.2.3"]) == 1)
        #expect(exposition.value("tracker_processes", ["status": "pending"]) == 3)
        #expect(exposition.value("tracker_processes", ["status": "cancelled"]) == 0)
        #expect(exposition.value("tracker_store_health", ["state": "ok"]) == 1)
        #expect(exposition.value("tracker_store_health", ["state": "down"]) == 0)
        #expect(exposition.value("tracker_queue_depth", ["queue": "q"]) == 2)
        #expect(exposition.value("tracker_queue_oldest_due_age_seconds", ["queue": "q"]) == 5)
        #expect(exposition.value("tracker_queue_oldest_due_age_seconds", ["queue": "later"]) == 0)
        #expect(exposition.value("tracker_fallback_active") == 0)
        #expect(exposition.value("tracker_cleanup_removed_total") == 0)
        #expect(exposition.value("tracker_cleanup_runs_total", ["outcome": "failed"]) == 0)
        #expect(exposition.value("tracker_http_request_duration_seconds_count", ["route": "/start"]) == 1)
        #expect(exposition.families.allSatisfy { $0.key.hasPrefix("tracker_") })
    }
}
