import PosthornSystem
import Synchronization
import PosthornTestSupport
import Testing

@testable import PosthornCLI

@Suite struct LinePrinterTests {
    /// A reader that reads when it is told to.
    private final class Reader: Sendable {
        let text = Mutex("")
        private let allowed: Waker
        let started: Waker

        init() throws {
            allowed = try Waker()
            started = try Waker()
        }

        func take(_ bytes: [UInt8]) {
            started.signal()
            allowed.wait(milliseconds: 30_000)
            text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
        }

        func read() { allowed.signal() }
    }

    /// Nobody who prints waits; what no reader took beyond the bound is counted, and the count is printed.
    @Test func printingNeverWaitsForAReader() throws {
        let reader = try Reader()
        let printer = try LinePrinter(limitBytes: 20, notice: { Array("\($0) left out".utf8) }, write: reader.take)
        printer.line("first".utf8)
        reader.started.wait(milliseconds: 30_000)
        for number in 0..<10 { printer.line("line \(number)".utf8) }
        reader.read()
        reader.started.wait(milliseconds: 30_000)
        reader.read()
        printer.close()
        #expect(reader.text.withLock { $0 } == "first\nline 0\nline 1\n8 left out\n")
    }

    /// The end does not wait for a reader that never comes.
    @Test(.limited()) func closingDoesNotWaitForAReaderThatNeverReads() throws {
        let reader = try Reader()
        let printer = try LinePrinter(notice: { _ in [] }, write: reader.take)
        printer.line("first".utf8)
        reader.started.wait(milliseconds: 30_000)
        printer.close()
        #expect(reader.text.withLock { $0 }.isEmpty)
        reader.read()
    }
}
