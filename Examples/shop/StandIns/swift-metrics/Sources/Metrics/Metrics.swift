// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What the shop calls of swift-metrics, and no more: for builds without network. As there, nothing is kept until a program says where.

public final class Counter {
    public init(label: String, dimensions: [(String, String)] = []) {}

    public func increment() {}
}

public final class Timer {
    public init(label: String, dimensions: [(String, String)] = []) {}

    public func recordMicroseconds<Value: BinaryInteger>(_ duration: Value) {}
}

public final class Gauge {
    public init(label: String, dimensions: [(String, String)] = []) {}

    public func record<Value: BinaryInteger>(_ value: Value) {}
}
