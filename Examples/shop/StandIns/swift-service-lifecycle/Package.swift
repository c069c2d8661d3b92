// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "swift-service-lifecycle",
    products: [
        .library(name: "ServiceLifecycle", targets: ["ServiceLifecycle"]),
        .library(name: "UnixSignals", targets: ["UnixSignals"]),
    ],
    dependencies: [.package(path: "../swift-log")],
    targets: [
        .target(name: "ServiceLifecycle", dependencies: ["UnixSignals", .product(name: "Logging", package: "swift-log")]),
        .target(name: "UnixSignals"),
    ]
)
