// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What the shop calls of swift-distributed-tracing, and no more: for builds without network. As there, nothing is traced until a program
// says where.

public struct ServiceContext: Sendable {
    public static var topLevel: ServiceContext { ServiceContext() }

    public static var current: ServiceContext? { nil }
}

public protocol Injector: Sendable {
    associatedtype Carrier: Sendable

    func inject(_ value: String, forKey key: String, into carrier: inout Carrier)
}

public protocol Extractor: Sendable {
    associatedtype Carrier: Sendable

    func extract(key: String, from carrier: Carrier) -> String?
}

public protocol Instrument: Sendable {
    func extract<Carrier, Extract>(_ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract)
    where Extract: Extractor, Extract.Carrier == Carrier

    func inject<Carrier, Inject>(_ context: ServiceContext, into carrier: inout Carrier, using injector: Inject)
    where Inject: Injector, Inject.Carrier == Carrier
}

public enum InstrumentationSystem {
    private struct Nothing: Instrument {
        func extract<Carrier, Extract>(_ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract)
        where Extract: Extractor, Extract.Carrier == Carrier {}

        func inject<Carrier, Inject>(_ context: ServiceContext, into carrier: inout Carrier, using injector: Inject)
        where Inject: Injector, Inject.Carrier == Carrier {}
    }

    public static var instrument: any Instrument { Nothing() }
}

public protocol TracerInstant: Comparable, Hashable, Sendable {
    var nanosecondsSinceEpoch: UInt64 { get }
}

public struct DefaultTracerClock {
    public struct Timestamp: TracerInstant {
        public let nanosecondsSinceEpoch: UInt64

        public init(nanosecondsSinceEpoch: UInt64) { self.nanosecondsSinceEpoch = nanosecondsSinceEpoch }

        public static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch }
    }
}

public enum SpanKind: Sendable { case server, client, producer, consumer, `internal` }

public struct SpanStatus: Sendable {
    public enum Code: Sendable { case ok, error }

    public init(code: Code, message: String? = nil) {}
}

public protocol SpanAttributeConvertible: Sendable {}

extension String: SpanAttributeConvertible {}

public struct SpanAttributes: Sendable {
    private var values: [String: any SpanAttributeConvertible] = [:]

    public subscript(_ name: String) -> (any SpanAttributeConvertible)? {
        get { values[name] }
        set { values[name] = newValue }
    }
}

public protocol Span: Sendable {
    var attributes: SpanAttributes { get nonmutating set }

    func setStatus(_ status: SpanStatus)

    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant)
}

private struct NoSpan: Span {
    var attributes: SpanAttributes {
        get { SpanAttributes() }
        nonmutating set {}
    }

    func setStatus(_ status: SpanStatus) {}

    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {}
}

public func startSpan(
    _ operationName: String,
    context: @autoclosure () -> ServiceContext,
    ofKind kind: SpanKind,
    at instant: @autoclosure () -> some TracerInstant
) -> any Span { NoSpan() }
