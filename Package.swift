// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "process-tracker",
    products: [
        .executable(name: "process-tracker", targets: ["ProcessTracker"])
    ],
    targets: [
        // The C libraries, each seen by as few targets as can be.
        .systemLibrary(name: "CLibevent"),
        .systemLibrary(name: "CHiredis"),
        .systemLibrary(name: "CSQLite"),
        .systemLibrary(name: "CPosix"),

        // Rounding a Double calls libm, which nothing else here would link.
        .target(name: "ProcessCore", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
        .target(name: "EventLoop", dependencies: ["CLibevent"]),
        .target(name: "ProcessSQLite", dependencies: ["CSQLite", "ProcessCore"]),
        .target(name: "ProcessRedis", dependencies: ["CHiredis", "CLibevent", "EventLoop", "ProcessCore"]),
        .target(
            name: "ProcessStorage",
            dependencies: ["EventLoop", "ProcessCore", "ProcessRedis", "ProcessSQLite"]),
        .target(name: "ProcessHTTP", dependencies: ["ProcessCore"]),
        .target(name: "HTTPTransport", dependencies: ["CLibevent", "EventLoop", "ProcessCore", "ProcessHTTP"]),
        .target(
            name: "ProcessService",
            dependencies: [
                "EventLoop", "HTTPTransport", "ProcessCore", "ProcessHTTP", "ProcessRedis", "ProcessSQLite",
                "ProcessStorage",
            ]),
        .target(
            name: "ProcessCommands",
            dependencies: ["CPosix", "EventLoop", "HTTPTransport", "ProcessCore", "ProcessHTTP", "ProcessService"]),
        .executableTarget(
            name: "ProcessTracker",
            dependencies: ["EventLoop", "HTTPTransport", "ProcessCommands", "ProcessCore", "ProcessHTTP", "ProcessService"]),

        .target(
            name: "ProcessTestSupport",
            dependencies: ["EventLoop", "ProcessCore", "ProcessRedis", "ProcessSQLite"],
            path: "Tests/ProcessTestSupport"),
        .testTarget(name: "ProcessCoreTests", dependencies: ["ProcessCore"]),
        .testTarget(
            name: "ProcessServiceTests",
            dependencies: ["ProcessCore", "ProcessRedis", "ProcessService", "ProcessSQLite", "ProcessStorage"]),
        .testTarget(
            name: "ProcessSQLiteTests", dependencies: ["ProcessCore", "ProcessSQLite", "ProcessTestSupport"]),
        .testTarget(
            name: "ProcessCommandsTests",
            dependencies: [
                "CPosix", "EventLoop", "ProcessCommands", "ProcessCore", "ProcessHTTP", "ProcessService",
                "ProcessTestSupport",
            ]),
        .testTarget(name: "EventLoopTests", dependencies: ["EventLoop"]),
        .testTarget(name: "HTTPTransportTests", dependencies: ["EventLoop", "HTTPTransport", "ProcessHTTP"]),
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
