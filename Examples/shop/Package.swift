// swift-tools-version: 6.2
import PackageDescription

// A shop that depends on Posthorn as any platform does: by its package, from outside. Some of its targets have names that Posthorn's
// own could have had: names of targets are global to a build.
//
// StandIns has logging, metrics, tracing and service life cycle with what the shop calls and no more, so that it
// builds without network. With the real ones:
//
//     SHOP_PACKAGES=github swift run --package-path Examples/shop
//
// SHOP_POSTHORN is where Posthorn is taken from instead of this checkout, by its version, as check.sh does.
let isWithNetwork = Context.environment["SHOP_PACKAGES"] == "github"

func observing(_ name: String, from version: Version) -> Package.Dependency {
    let owner = name == "swift-service-lifecycle" ? "swift-server" : "apple"
    return isWithNetwork ? .package(url: "https://github.com/\(owner)/\(name).git", from: version) : .package(path: "StandIns/\(name)")
}

let checkout = Package.Dependency.package(name: "posthorn", path: "../..")
let posthorn = Context.environment["SHOP_POSTHORN"].map { Package.Dependency.package(url: $0, exact: "9999.0.0") } ?? checkout

let package = Package(
    name: "shop",
    dependencies: [
        posthorn,
        observing("swift-log", from: "1.6.0"),
        observing("swift-metrics", from: "2.5.0"),
        observing("swift-distributed-tracing", from: "1.2.0"),
        observing("swift-service-lifecycle", from: "2.7.0"),
    ],
    targets: [
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "Migrations"),
        .executableTarget(
            name: "Shop",
            dependencies: [
                "CSQLite", "Migrations",
                .product(name: "Posthorn", package: "posthorn"),
                .product(name: "PosthornTesting", package: "posthorn"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
        ),
    ]
)
