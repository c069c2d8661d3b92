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
func tests(_ name: String, _ imports: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: imports, path: "Tests/\(name)", exclude: exclude, swiftSettings: strict)
}

/// What is built with `--traits PostgreSQL` alone.
let withPostgreSQL = TargetDependencyCondition.when(traits: ["PostgreSQL"])

let package = Package(
    name: "posthorn",
    products: [
        .library(name: "Posthorn", targets: ["Posthorn"]),
        .library(name: "PosthornTesting", targets: ["PosthornTesting"]),
        .executable(name: "posthorn", targets: ["PosthornCLI"]),
        .executable(name: "posthorn-bench", targets: ["PosthornBench"]),
    ],
    traits: [
        .trait(name: "PostgreSQL", description: "Outboxes in PostgreSQL, by way of libpq; without it nothing of that is needed.")
    ],
    targets: [
        .systemLibrary(name: "CPosthornCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CPosthornSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CPosthornPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CPosthornCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CPosthornTLS", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CPosthornLinux"),

        room("PosthornSystem", ["PosthornText", "CPosthornLinux"]),
        room("PosthornText", []),
        room("PosthornModel", ["PosthornText"]),
        .target(
            name: "PosthornMigrations",
            path: "Migrations",
            resources: [.embedInCode("SQLite"), .embedInCode("PostgreSQL")],
            swiftSettings: strict
        ),
        room("PosthornStore", ["PosthornModel", "PosthornText", "PosthornSystem"]),
        room(
            "PosthornSQLite",
            ["PosthornStore", "PosthornModel", "PosthornText", "PosthornSystem", "PosthornMigrations", "CPosthornSQLite", "CPosthornLinux"]
        ),
        room(
            "PosthornPostgres",
            [
                "PosthornStore", "PosthornModel", "PosthornText", "PosthornSystem", "PosthornMigrations",
                .target(name: "CPosthornPostgres", condition: withPostgreSQL),
            ]
        ),
        room("PosthornFormats", ["PosthornModel", "PosthornText", "CPosthornCrypto"]),
        room("PosthornCurl", ["PosthornModel", "PosthornSystem", "CPosthornCurl", "CPosthornTLS"]),
        room(
            "PosthornSending",
            ["PosthornModel", "PosthornText", "PosthornSystem", "PosthornCurl", "CPosthornCurl", "CPosthornTLS", "CPosthornLinux"]
        ),
        room("PosthornMail", ["PosthornModel", "PosthornText", "PosthornCurl", "CPosthornCurl"]),
        room(
            "Posthorn",
            [
                "PosthornModel", "PosthornText", "PosthornSystem", "PosthornFormats", "PosthornStore", "PosthornSQLite", "PosthornSending",
                "PosthornMail", .target(name: "PosthornPostgres", condition: withPostgreSQL),
            ]
        ),
        room("PosthornTesting", ["Posthorn", "PosthornMail", "PosthornModel", "PosthornStore", "PosthornText", "PosthornSystem"]),
        room("PosthornHTTP", ["PosthornText", "PosthornSystem", "CPosthornLinux", "CPosthornTLS"]),
        .target(
            name: "PosthornAPI",
            dependencies: ["Posthorn", "PosthornModel", "PosthornText", "PosthornStore", "PosthornSystem", "PosthornHTTP"],
            resources: [.embedInCode("Dashboard/Assets")],
            swiftSettings: strict
        ),
        room(
            "PosthornLab",
            ["Posthorn", "PosthornModel", "PosthornText", "PosthornFormats", "PosthornSending", "PosthornHTTP", "PosthornSystem"]
        ),
        .executableTarget(
            name: "PosthornCLI",
            dependencies: [
                "Posthorn", "PosthornModel", "PosthornText", "PosthornSystem", "PosthornStore", "PosthornSQLite", "PosthornSending",
                "PosthornFormats", "PosthornCurl", "PosthornMail",
                "PosthornHTTP", "PosthornAPI", "PosthornLab", .target(name: "PosthornPostgres", condition: withPostgreSQL),
            ],
            swiftSettings: strict
        ),
        room("PosthornBenchReports", ["PosthornModel", "PosthornText"]),
        .target(name: "CPosthornAllocationCount"),
        .target(name: "CPosthornFlushDelay"),
        .executableTarget(
            name: "PosthornBench",
            dependencies: [
                "Posthorn", "PosthornModel", "PosthornText", "PosthornSystem", "PosthornStore", "PosthornSQLite", "PosthornSending",
                "PosthornFormats", "PosthornCurl",
                "PosthornAPI", "PosthornHTTP", "PosthornLab", "PosthornBenchReports", "CPosthornAllocationCount", "CPosthornFlushDelay",
                "CPosthornSQLite",
                "CPosthornLinux", .target(name: "PosthornPostgres", condition: withPostgreSQL),
                .target(name: "CPosthornPostgres", condition: withPostgreSQL),
            ],
            swiftSettings: strict
        ),

        .executableTarget(
            name: "PosthornPlatformExample",
            dependencies: ["Posthorn", "CPosthornSQLite"],
            path: "Examples/SwiftPlatform",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "PosthornReceiverExample",
            dependencies: ["PosthornHTTP", "PosthornModel", "PosthornText", "CPosthornCrypto"],
            path: "Examples/receivers/swift",
            swiftSettings: strict
        ),

        .target(
            name: "PosthornTestSupport",
            dependencies: ["PosthornModel", "PosthornText", "PosthornSystem", "CPosthornLinux", "CPosthornTestSpawn"],
            path: "Tests/Support",
            exclude: ["FaultVFS", "Sockets", "Spawn"],
            swiftSettings: strict
        ),
        .target(
            name: "PosthornStoreContract",
            dependencies: ["PosthornStore", "PosthornModel", "PosthornText", "PosthornSystem"],
            path: "Tests/StoreContract",
            swiftSettings: strict
        ),
        .target(
            name: "PosthornMemoryStore",
            dependencies: ["PosthornStore", "PosthornModel", "PosthornText", "PosthornSystem"],
            path: "Tests/MemoryStore",
            swiftSettings: strict
        ),
        tests(
            "PosthornMemoryStoreTests",
            ["PosthornMemoryStore", "PosthornStoreContract", "PosthornStore", "PosthornTestSupport"]
        ),
        .target(name: "CPosthornFaultVFS", dependencies: ["CPosthornSQLite"], path: "Tests/Support/FaultVFS"),
        .systemLibrary(name: "CPosthornTestSpawn", path: "Tests/Support/Spawn"),
        .target(name: "CPosthornTestSockets", path: "Tests/Support/Sockets", swiftSettings: strict),
        tests(
            "TidyTests",
            ["PosthornTesting", "PosthornText", "PosthornTestSupport"],
            exclude: ["PublicSymbols.txt", "PublicSymbolsPostgreSQL.txt"]
        ),
        tests("ExampleTests", ["PosthornPlatformExample", "PosthornCLI", "PosthornTesting", "PosthornTestSupport"]),
        tests("PosthornTestingTests", ["PosthornTesting", "Posthorn"]),
        tests("PosthornModelTests", ["PosthornModel", "PosthornText"]),
        tests("PosthornStoreTests", ["PosthornStore", "PosthornModel", "PosthornText"]),
        tests(
            "PosthornSQLiteTests",
            [
                "PosthornStore", "PosthornSQLite", "PosthornModel", "PosthornText", "PosthornSystem", "PosthornMigrations",
                "CPosthornSQLite",
                "PosthornTestSupport", "PosthornStoreContract",
            ]
        ),
        tests(
            "PosthornPostgresTests",
            [
                "PosthornStore", "PosthornModel", "PosthornText", "PosthornSystem", "PosthornMigrations", "PosthornTestSupport",
                "PosthornStoreContract", .target(name: "PosthornPostgres", condition: withPostgreSQL), "PosthornCLI", "Posthorn",
                .target(name: "CPosthornPostgres", condition: withPostgreSQL),
            ]
        ),
        tests(
            "PosthornTests",
            [
                "Posthorn", "PosthornStore", "PosthornSQLite", "PosthornModel", "PosthornText", "PosthornSystem", "PosthornFormats",
                "PosthornSending", "PosthornMail",
                "PosthornTestSupport", "PosthornMemoryStore", "CPosthornSQLite", "CPosthornFaultVFS",
                .target(name: "PosthornPostgres", condition: withPostgreSQL),
            ]
        ),
        tests("PosthornFormatsTests", ["PosthornFormats", "PosthornModel", "PosthornText", "PosthornTestSupport"]),
        tests(
            "PosthornSendingTests",
            [
                "PosthornSending", "PosthornCurl", "CPosthornCurl", "CPosthornTLS", "PosthornModel", "PosthornText", "PosthornSystem",
                "PosthornTestSupport",
            ]
        ),
        tests("PosthornCurlTests", ["PosthornCurl", "PosthornTestSupport"]),
        tests("PosthornMailTests", ["PosthornMail", "PosthornModel", "PosthornText", "PosthornTestSupport"]),
        tests("PosthornBenchReportsTests", ["PosthornBenchReports", "PosthornModel", "PosthornText"]),
        tests("PosthornSystemTests", ["PosthornSystem"]),
        tests("PosthornHTTPTests", ["PosthornHTTP", "PosthornSystem", "PosthornTestSupport", "CPosthornTestSockets", "CPosthornTLS"]),
        tests(
            "PosthornAPITests",
            [
                "PosthornAPI", "Posthorn", "PosthornHTTP", "PosthornModel", "PosthornText", "PosthornStore", "PosthornSystem",
                "PosthornTestSupport", "CPosthornTestSockets",
            ]
        ),
        tests(
            "DashboardTests",
            [
                "PosthornAPI", "Posthorn", "PosthornModel", "PosthornText", "PosthornStore", "PosthornSystem", "PosthornSending",
                "PosthornTestSupport", "CPosthornTestSockets",
            ]
        ),
        tests(
            "PosthornLabTests",
            [
                "PosthornLab", "Posthorn", "PosthornHTTP", "PosthornModel", "PosthornText", "PosthornFormats", "PosthornSending",
                "PosthornSystem",
                "CPosthornTestSockets", "PosthornTestSupport",
            ]
        ),
        tests(
            "PosthornCLITests",
            [
                "PosthornCLI", "Posthorn", "PosthornModel", "PosthornText", "PosthornStore", "PosthornSQLite", "PosthornSystem",
                "PosthornTestSupport",
                "CPosthornTestSockets",
            ]
        ),
        .testTarget(
            name: "ConformanceTests",
            dependencies: [
                "Posthorn", "PosthornFormats", "PosthornLab", "PosthornModel", "PosthornText", "PosthornStore", "PosthornSQLite",
                "PosthornSending", "PosthornSystem",
                "PosthornTestSupport", "PosthornReceiverExample",
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
            dependencies: ["PosthornModel", "PosthornText", "PosthornFormats", "PosthornSending", "PosthornHTTP"],
            path: "Tests/Fuzz/Runner",
            swiftSettings: strict
        )
    ]
}
