// swift-tools-version: 6.2
import PackageDescription

// A shop that depends on Posthorn as any platform does: by its package, from outside. Some of its targets have names that Posthorn's
// own could have had: names of targets are global to a build.
let package = Package(
    name: "shop",
    dependencies: [.package(name: "posthorn", path: "../..")],
    targets: [
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "Migrations"),
        .executableTarget(
            name: "Shop",
            dependencies: [
                "CSQLite", "Migrations",
                .product(name: "Posthorn", package: "posthorn"),
                .product(name: "PosthornTesting", package: "posthorn"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
        ),
    ]
)
