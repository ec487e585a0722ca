// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "process-tracker",
    products: [
        .executable(name: "process-tracker", targets: ["ProcessTracker"])
    ],
    targets: [
        // What comes from C, each seen by as few targets as can be.
        .systemLibrary(name: "CHiredis"),
        .systemLibrary(name: "CLibevent"),
        .systemLibrary(name: "CPosix"),
        .systemLibrary(name: "CSQLite"),

        .target(name: "ProcessCore", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
        .target(name: "EventLoop", dependencies: ["CLibevent"]),
        .target(name: "ProcessSQLite", dependencies: ["CPosix", "CSQLite", "ProcessCore"]),
        .target(name: "ProcessRedis", dependencies: ["CHiredis", "EventLoop", "ProcessCore"]),
        .target(
            name: "ProcessStorage",
            dependencies: ["EventLoop", "ProcessCore", "ProcessRedis", "ProcessSQLite"]),
        // The page is in the code as text, which `make docs` writes and a test compares.
        .target(name: "ProcessHTTP", dependencies: ["ProcessCore"], exclude: ["Dashboard/Page"]),
        .target(name: "HTTPTransport", dependencies: ["CLibevent", "EventLoop", "ProcessCore", "ProcessHTTP"]),
        .target(
            name: "ProcessService",
            dependencies: [
                "EventLoop", "HTTPTransport", "ProcessCore", "ProcessHTTP", "ProcessRedis", "ProcessSQLite",
                "ProcessStorage",
            ]),
        .target(
            name: "ProcessCommands",
            dependencies: [
                "CPosix", "EventLoop", "HTTPTransport", "ProcessCore", "ProcessHTTP", "ProcessSQLite", "ProcessService",
            ]),
        .executableTarget(name: "ProcessTracker", dependencies: ["ProcessCommands"]),

        // Measures the repositories, on the same servers as the tests; ships nowhere. Its counters stand in the place of
        // functions of the C library, in this program alone.
        .target(name: "CCounters", path: "Benchmarks/CCounters", linkerSettings: [.linkedLibrary("sqlite3")]),
        .executableTarget(
            name: "ProcessBenchmarks",
            dependencies: [
                "CCounters", "EventLoop", "ProcessCore", "ProcessRedis", "ProcessSQLite", "ProcessTestSupport",
            ],
            path: "Benchmarks/ProcessBenchmarks"),

        .target(
            name: "ProcessTestSupport",
            dependencies: ["EventLoop", "ProcessCore", "ProcessRedis", "ProcessSQLite"],
            path: "Tests/ProcessTestSupport"),
        .testTarget(
            name: "ProcessCoreTests", dependencies: ["ProcessCore"]),
        .testTarget(
            name: "ProcessConformanceTests", dependencies: ["ProcessCore", "ProcessTestSupport"]),
        .testTarget(
            name: "ProcessSQLiteTests", dependencies: ["ProcessCore", "ProcessSQLite", "ProcessTestSupport"]),
        .testTarget(
            name: "ProcessRedisTests", dependencies: ["EventLoop", "ProcessCore", "ProcessRedis", "ProcessTestSupport"]),
        .testTarget(
            name: "EventLoopTests", dependencies: ["EventLoop"]),
        .testTarget(
            name: "HTTPTransportTests",
            dependencies: ["EventLoop", "HTTPTransport", "ProcessHTTP", "ProcessTestSupport"]),
        .testTarget(
            name: "ProcessHTTPTests", dependencies: ["ProcessCore", "ProcessHTTP", "ProcessTestSupport"]),
        .testTarget(
            name: "ProcessServiceTests",
            dependencies: [
                "EventLoop", "ProcessCore", "ProcessHTTP", "ProcessRedis", "ProcessSQLite", "ProcessService",
                "ProcessStorage", "ProcessTestSupport",
            ]),
        .testTarget(
            name: "ProcessCommandsTests",
            dependencies: [
                "EventLoop", "ProcessCommands", "ProcessCore", "ProcessHTTP", "ProcessService", "ProcessTestSupport",
            ]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "EventLoop", "HTTPTransport", "ProcessCore", "ProcessHTTP", "ProcessSQLite", "ProcessTestSupport",
                "ProcessTracker",
            ]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
}
