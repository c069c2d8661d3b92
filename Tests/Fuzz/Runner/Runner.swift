import Glibc
import PosthornModel
import PosthornSending
import PosthornSigning

/// Feeds what libFuzzer makes to one of the readers of foreign input. Tests/fuzz.sh builds and runs it, and names
/// the reader in POSTHORN_FUZZ_READER.
///
/// A reader may refuse whatever it likes; what it takes must hold what the next stage relies on, or the run ends.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    reader(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}

/// libFuzzer as a library: https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ oneInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main
enum Runner {
    static func main() {
        // The build takes this for the program's start, in place of libFuzzer's own.
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(runDriver(&count, &arguments) { fuzzOneInput($0, $1) })
    }
}

private let reader: @Sendable ([UInt8]) -> Void = {
    switch getenv("POSTHORN_FUZZ_READER").map({ String(cString: $0) }) {
    case "event": return Readers.event
    case "topology": return Readers.topology
    case "url": return Readers.url
    case "envelope": return Readers.envelope
    default: fatalError("POSTHORN_FUZZ_READER must be event, topology, url or envelope")
    }
}()

/// What is fed.
enum Readers {
    /// An event's line. What is taken is an event that the outbox takes too, and its data are the line's own bytes.
    @Sendable static func event(_ bytes: [UInt8]) {
        guard let line = try? EventLine(bytes) else { return }
        precondition((try? Event.checkData(line.data)) != nil)
    }

    /// A topology file. What is taken can be read as a topology.
    @Sendable static func topology(_ bytes: [UInt8]) {
        guard let topology = try? Topology(json: bytes) else { return }
        precondition(topology.endpoints.allSatisfy { !$0.id.isEmpty })
    }

    /// A URL. What is taken is canonical: read again, it is the same and is judged the same.
    @Sendable static func url(_ bytes: [UInt8]) {
        guard let url = try? EndpointURL(String(decoding: bytes, as: UTF8.self)) else { return }
        guard let again = try? EndpointURL(url.text) else { fatalError("not read again: \(url.text)") }
        precondition(again == url, "\(url.text) becomes \(again.text)")
    }

    /// An event's type and data, in every envelope with every signature. What is composed keeps its headers in their lines.
    @Sendable static func envelope(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return }
        let type = String(decoding: parts[0], as: UTF8.self)
        guard
            let event = try? Event(
                checking: "26edf51b5ed353431566fdf1",
                type: type,
                node: "n1",
                created: moment,
                data: Array(parts[1])
            )
        else { return }
        for composer in composers {
            var request = OutboundRequest()
            guard (try? composer.compose(AcceptedEvent(event), attempt: 1, at: moment, into: &request)) != nil else { continue }
            let lines = request.headers.split(separator: 0x0D, omittingEmptySubsequences: false)
            for (i, line) in lines.enumerated() {
                precondition(i == 0 ? line.first != 0x0A : line.first == 0x0A && !line.dropFirst().contains(0x0A))
                precondition(!line.contains(0) && line.contains(0x3A))
            }
        }
    }

    private static let moment = Timestamp(milliseconds: 1_594_816_394_000)

    private static let composers: [EndpointComposer] = {
        let credentials: [Vendor: [String: JSONValue]] = [
            .diio: ["signing_secret": .string("s3cr3t-of-the-webhook")],
            .conference: ["token": .string("tok-1")],
            .webio: [
                "api_key": .string("pk"), "secret": .string("0123456789abcdef0123456789abcdef"), "organisation_id": .string("1"),
            ],
            .voiso: ["key": .string("fiv39"), "name": .string("hook"), "entity": .string("call")],
            .standard: ["secret": .string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        ]
        return Vendor.allCases.compactMap { vendor in
            try? EndpointComposer(
                EndpointSettings(
                    id: "e",
                    node: "n",
                    url: "https://receiver.example/",
                    envelope: vendor.envelope,
                    signature: vendor.signature,
                    credentials: credentials[vendor] ?? [:]
                ),
                now: moment
            )
        }
    }()
}
