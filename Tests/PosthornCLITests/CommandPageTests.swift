import Glibc
import Testing

@testable import PosthornCLI

/// The page of all commands is made from what the parser reads, so that it cannot say anything else.
@Suite struct CommandPageTests {
    private static let path = "Sources/Posthorn/Posthorn.docc/Commands.md"
    /// Set to anything, the page is written instead of compared.
    private static let writingVariable = "POSTHORN_WRITE_COMMANDS"

    /// The file, found from where this one was compiled.
    private static let file: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/") + "/" + path
    }()

    @Test func thePageOfCommandsIsWhatTheirSpecificationsSay() throws {
        let page = Self.page(Program.commands.map { $0.specification })
        if getenv(Self.writingVariable) != nil { try Self.write(page) }
        let written = try Self.read()
        let lines = (page.split(separator: "\n"), written.split(separator: "\n"))
        let difference = zip(lines.0, lines.1).first { $0 != $1 }
        #expect(
            written == page,
            """
            \(Self.path) is out of date, from "\(difference?.1 ?? "its end")" on; write it with: \
            \(Self.writingVariable)=1 swift test --disable-xctest --filter CommandPageTests
            """
        )
    }

    /// The page in Markdown. Help texts are kept as they are laid out.
    static func page(_ commands: [CommandSpecification]) -> String {
        var page = """
            # Commands

            Every command of `posthorn` with its flags, as `--help` prints it.

            ## Overview

            This page is made from the specifications that the command line is parsed with, and a test compares the two.

            ```
            \(HelpText.program(commands))```

            """
        for command in commands {
            let help = HelpText.command(command).dropFirst(command.summary.count).drop { $0 == "\n" }
            page += "\n## posthorn \(command.name)\n\n\(sentence(command.summary))\n\n```\n\(help)```\n"
        }
        return page
    }

    /// A summary as a sentence, in which no `<` begins a tag.
    private static func sentence(_ summary: String) -> String {
        let escaped = summary.map { "<>*_".contains($0) ? "\\\($0)" : String($0) }.joined()
        return escaped.prefix(1).uppercased() + escaped.dropFirst() + "."
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
