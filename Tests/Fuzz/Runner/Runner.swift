import Glibc
import PosthornModel
import PosthornSending
import PosthornFormats

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
    case "request": return Readers.request
    case "reply": return Readers.reply
    case "http": return Readers.http
    case "vendor": return Readers.vendor
    default: fatalError("POSTHORN_FUZZ_READER must be event, topology, url, envelope, request, reply, http or vendor")
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
}
