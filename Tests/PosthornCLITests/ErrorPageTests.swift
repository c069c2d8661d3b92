import Glibc
import Posthorn
import PosthornModel
import PosthornStore
import Testing

@testable import PosthornCLI

/// The page of all errors is made from the enums, so that it cannot say anything else.
@Suite struct ErrorPageTests {
    private static let path = "Sources/Posthorn/Posthorn.docc/Errors.md"
    /// Set to anything, the page is written instead of compared.
    private static let writingVariable = "POSTHORN_WRITE_ERRORS"

    /// The file, found from where this one was compiled.
    private static let file: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/") + "/" + path
    }()

    @Test func thePageOfErrorsIsWhatTheCodesSay() throws {
        if getenv(Self.writingVariable) != nil { try Self.write(Self.page) }
        let written = try Self.read()
        let lines = (Self.page.split(separator: "\n"), written.split(separator: "\n"))
        let difference = zip(lines.0, lines.1).first { $0 != $1 }
        #expect(
            written == Self.page,
            """
            \(Self.path) is out of date, from "\(difference?.1 ?? "its end")" on; write it with: \
            \(Self.writingVariable)=1 swift test --disable-xctest --filter ErrorPageTests
            """
        )
    }

    /// No sentence of the library names a flag or a command, which a platform does not have.
    @Test func remediesOfTheLibraryNameNoFlagAndThoseOfTheCommandLineNoParameter() {
        for remedy in Remedy.allCases {
            #expect(!remedy.sentence.contains("--") && !remedy.sentence.contains("posthorn "), "\(remedy)")
            #expect(!RemedyText.sentence(remedy).contains("pass "), "\(remedy)")
        }
    }

    @Test func theFlagThatNamedTheFileIsTheOneThatARemedyNames() {
        let problem = OutboxProblem(.notADatabase, "x is not a SQLite database", remedy: .restoreOrNameAnother)
        #expect(RemedyText.line(problem).hasSuffix("; restore it from a backup or name another file with --db"))
        #expect(RemedyText.line(problem, fileFlag: "--replay").hasSuffix("name another file with --replay"))
        #expect("\(problem)" == "x is not a SQLite database; restore it from a backup or name another file")
    }

    /// Every member of a list as a row of a table.
    private static func table<Code: CaseIterable & RawRepresentable>(
        _ type: Code.Type,
        _ columns: [(title: String, text: (Code) -> String)]
    ) -> String where Code.RawValue == String {
        let head = "| code | \(columns.map(\.title).joined(separator: " | ")) |\n|\(String(repeating: "---|", count: columns.count + 1))\n"
        return head
            + type.allCases.map { code in
                "| `\(code.rawValue)` | \(columns.map { $0.text(code) }.joined(separator: " | ")) |\n"
            }.joined()
    }

    private static var page: String {
        """
        # Errors

        Every code of every error that Posthorn throws or records.

        ## Overview

        This page is made from the enums, and a test compares the two. Codes never change their meaning and fit a metric's label. Beside its
        code an error says for people what is wrong and, where the words for it depend on how Posthorn is used, what mends it (a remedy).

        ## What was handed in

        `InputProblem.Code`, with the `field`, its `value` unless that is secret, and the `reason`; `OutboxError.input` and, of an event of a
        batch, `OutboxError.event`.

        \(table(InputProblem.Code.self, [("meaning", \.sentence)]))
        ## The outbox

        `OutboxProblem.Code`, in `OutboxError.store`. After `busy`, `full`, `io` and `unreachable` the same call can be made again.

        \(table(OutboxProblem.Code.self, [("meaning", \.sentence)]))
        ## The engine

        `EngineProblem.Code`.

        \(table(EngineProblem.Code.self, [("meaning", \.sentence)]))
        ## Failed attempts

        `AttemptError`, recorded with each attempt that failed. <doc:Deliveries> says what follows each.

        \(table(AttemptError.self, [("meaning", \.sentence)]))
        ## Remedies

        `Remedy`, in the words of the library and of the command line.

        \(table(Remedy.self, [("library", \.sentence), ("command line", { RemedyText.sentence($0) })]))
        """
    }

    private struct FileProblem: Error { let errno: Int32 }

    private static func read() throws -> String {
        guard let stream = fopen(file, "rb") else { throw FileProblem(errno: errno) }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func write(_ page: String) throws {
        guard let stream = fopen(file, "wb") else { throw FileProblem(errno: errno) }
        let written = fwrite(page, 1, page.utf8.count, stream)
        guard fclose(stream) == 0, written == page.utf8.count else { throw FileProblem(errno: errno) }
    }
}
