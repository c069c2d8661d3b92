// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What the shop calls of swift-log, and no more: for builds without network. It writes to standard output.

public struct Logger: Sendable {
    public enum Level: String, Sendable, CaseIterable { case trace, debug, info, notice, warning, error, critical }

    public enum MetadataValue: Sendable { case string(String) }

    public typealias Metadata = [String: MetadataValue]

    public struct Message: Sendable, ExpressibleByStringInterpolation {
        let text: String

        public init(stringLiteral value: String) { text = value }
    }

    public let label: String

    public init(label: String) { self.label = label }

    public func log(level: Level, _ message: @autoclosure () -> Message, metadata: @autoclosure () -> Metadata? = nil) {
        let values = (metadata() ?? [:]).map { name, value in
            switch value {
            case .string(let text): "\(name)=\(text)"
            }
        }
        print("\(level.rawValue) \(label): \(([message().text] + values.sorted()).joined(separator: " "))")
    }
}
