// swift-tools-version: 6.2
import PackageDescription

/// Every target is built the same strict way: Swift 6 language mode, and a warning stops the build.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A room of the house: a library target under Sources with the strict settings.
func room(_ name: String, _ imports: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: imports, swiftSettings: strict)
}

/// The tests of a room, mirrored under Tests.
func tests(_ name: String, _ imports: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: imports, path: "Tests/\(name)", swiftSettings: strict)
}

let package = Package(
    name: "posthorn",
    products: [
        .library(name: "Posthorn", targets: ["Posthorn"]),
        .executable(name: "posthorn", targets: ["PosthornCLI"]),
        .executable(name: "posthorn-bench", targets: ["PosthornBench"]),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CTLS", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CLinux"),

        room("PosthornSystem", ["PosthornModel", "CLinux"]),
        room("PosthornModel", []),
        .target(
            name: "Migrations",
            path: "Migrations",
            resources: [.embedInCode("SQLite")],
            swiftSettings: strict
        ),
        room("PosthornOutbox", ["PosthornModel", "PosthornSystem", "Migrations", "CSQLite", "CLinux"]),
        room("PosthornSigning", ["PosthornModel", "CCrypto"]),
        room("PosthornSending", ["PosthornModel", "PosthornSystem", "CCurl", "CTLS", "CLinux"]),
        room(
            "Posthorn",
            ["PosthornModel", "PosthornSystem", "PosthornSigning", "PosthornOutbox", "PosthornSending"]
        ),
        room("PosthornHTTP", ["CMicroHTTPD", "PosthornSystem"]),
        room(
            "PosthornLab",
            ["Posthorn", "PosthornModel", "PosthornSigning", "PosthornSending", "PosthornHTTP", "PosthornSystem"]
        ),
        .executableTarget(
            name: "PosthornCLI",
            dependencies: [
                "Posthorn", "PosthornModel", "PosthornSystem", "PosthornOutbox", "PosthornSending", "PosthornSigning",
                "PosthornHTTP", "PosthornLab",
            ],
            swiftSettings: strict
        ),
        room("PosthornFigures", ["PosthornModel"]),
        .target(name: "CAllocationCount"),
        .target(name: "CFlushDelay"),
        .executableTarget(
            name: "PosthornBench",
            dependencies: [
                "Posthorn", "PosthornModel", "PosthornSystem", "PosthornOutbox", "PosthornSending", "PosthornSigning",
                "PosthornLab", "PosthornFigures", "CAllocationCount", "CFlushDelay", "CSQLite", "CLinux",
            ],
            swiftSettings: strict
        ),

        .executableTarget(
            name: "SwiftPlatformExample",
            dependencies: ["Posthorn", "CSQLite"],
            path: "Examples/SwiftPlatform",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "ReceiverExample",
            dependencies: ["PosthornHTTP", "PosthornModel", "CCrypto"],
            path: "Examples/receivers/swift",
            swiftSettings: strict
        ),

        .target(
            name: "PosthornTestSupport",
            dependencies: ["PosthornModel", "PosthornSystem", "CLinux"],
            path: "Tests/Support",
            exclude: ["FaultVFS", "Sockets"],
            swiftSettings: strict
        ),
        .target(name: "FaultVFS", dependencies: ["CSQLite"], path: "Tests/Support/FaultVFS"),
        .target(name: "TestSockets", path: "Tests/Support/Sockets", swiftSettings: strict),
        tests("TidyTests", []),
        tests("ExampleTests", ["SwiftPlatformExample", "PosthornCLI", "PosthornTestSupport"]),
        tests("PosthornModelTests", ["PosthornModel"]),
        tests(
            "PosthornOutboxTests",
            ["PosthornOutbox", "PosthornModel", "PosthornSystem", "Migrations", "CSQLite", "PosthornTestSupport"]
        ),
        tests(
            "PosthornTests",
            [
                "Posthorn", "PosthornOutbox", "PosthornModel", "PosthornSystem", "PosthornSigning", "PosthornSending",
                "PosthornTestSupport", "CSQLite", "FaultVFS",
            ]
        ),
        tests("PosthornSigningTests", ["PosthornSigning", "PosthornModel"]),
        tests("PosthornSendingTests", ["PosthornSending", "CCurl", "PosthornModel", "PosthornSystem", "PosthornTestSupport"]),
        tests("PosthornFiguresTests", ["PosthornFigures", "PosthornModel"]),
        tests("PosthornSystemTests", ["PosthornSystem"]),
        tests("PosthornHTTPTests", ["PosthornHTTP", "PosthornSystem", "TestSockets"]),
        tests(
            "PosthornLabTests",
            [
                "PosthornLab", "Posthorn", "PosthornHTTP", "PosthornModel", "PosthornSigning", "PosthornSending", "PosthornSystem",
                "TestSockets", "PosthornTestSupport",
            ]
        ),
        tests(
            "PosthornCLITests",
            [
                "PosthornCLI", "Posthorn", "PosthornModel", "PosthornOutbox", "PosthornSystem", "PosthornTestSupport", "TestSockets",
            ]
        ),
        .testTarget(
            name: "ConformanceTests",
            dependencies: [
                "Posthorn", "PosthornLab", "PosthornModel", "PosthornOutbox", "PosthornSending", "PosthornSystem",
                "PosthornTestSupport", "ReceiverExample",
            ],
            path: "Tests/ConformanceTests",
            exclude: ["Judges"],
            swiftSettings: strict
        ),
    ]
)

// Tests/fuzz.sh builds this, with libFuzzer, which is not to be had in a normal build.
if Context.environment["POSTHORN_FUZZ"] != nil {
    package.products.append(.executable(name: "posthorn-fuzz", targets: ["PosthornFuzz"]))
    package.targets += [
        .executableTarget(
            name: "PosthornFuzz",
            dependencies: ["PosthornModel", "PosthornSigning", "PosthornSending"],
            path: "Tests/Fuzz/Runner",
            swiftSettings: strict
        )
    ]
}
