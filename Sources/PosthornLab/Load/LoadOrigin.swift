public import PosthornText

/// What is needed to run a load again, as every report says it.
public struct LoadOrigin: Equatable, Sendable {
    /// The command line with the seed in it; credentials are left out of it.
    public var command: String
    /// Where made-up events and dice started from.
    public var seed: UInt64
    /// The program's version.
    public var version: String
    /// Whose format it was, and which signature; `nil` for a fixed body.
    public var vendor: String?
    /// The machine that sent.
    public var machine: String

    /// An origin by its parts.
    public init(command: String, seed: UInt64, version: String, vendor: String?, machine: String) {
        self.command = command
        self.seed = seed
        self.version = version
        self.vendor = vendor
        self.machine = machine
    }

    /// The parts by their names, in the order of the reports.
    public var parts: [(name: String, text: String)] {
        [("command", command), ("seed", String(seed)), ("version", version)] + (vendor.map { [("vendor", $0)] } ?? [])
            + [("machine", machine)]
    }

    /// One JSON object; the seed is a text there, for not every program reads 64 bits as a number.
    public var json: JSONValue { .object(parts.map { .init($0.name, .string($0.text)) }) }

    private static let commentLimit = 10_000

    /// Lines for a table of comma-separated values, where `#` begins a comment.
    public var comments: String { parts.map { "# \($0.name): \(OneLine.text($0.text, limit: Self.commentLimit))\n" }.joined() }
}
