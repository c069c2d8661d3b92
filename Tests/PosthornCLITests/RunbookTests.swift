import Glibc
import PosthornTestSupport
import Testing

/// The commands of the runbook print what it says.
@Suite(.limited()) struct RunbookTests {
    /// A case of the page, with the commands of its blocks.
    struct Section: Sendable, CustomTestStringConvertible {
        let title: String
        var steps: [(command: String, output: [String])] = []
        var testDescription: String { title }
    }

    private static let sections: [Section] = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        guard let stream = fopen(root + "/Sources/Posthorn/Posthorn.docc/Runbook.md", "rb") else { return [] }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let page = String(decoding: bytes[..<fread(&bytes, 1, bytes.count, stream)], as: UTF8.self)
        var sections: [Section] = []
        var isBlock = false
        for line in page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("## ") { sections.append(Section(title: String(line.dropFirst(3)))) }
            if line == "```" { isBlock.toggle() }
            guard isBlock, line != "```", !line.hasPrefix("# "), !sections.isEmpty else { continue }
            if line.hasPrefix("$ ") {
                sections[sections.count - 1].steps.append((String(line.dropFirst(2)), []))
            } else if let last = sections.last?.steps.indices.last {
                sections[sections.count - 1].steps[last].output.append(line)
            }
        }
        return sections.filter { !$0.steps.isEmpty }
    }()

    @Test func thePageHasItsCases() {
        #expect(Self.sections.count == 9)
        #expect(Self.sections.allSatisfy { $0.steps.allSatisfy { $0.command.hasPrefix("posthorn ") } })
    }

    @Test(arguments: sections)
    func theCommandsPrintWhatThePageSays(_ section: Section) throws {
        let posthorn = try PosthornProcess()
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        try prepare(posthorn, receiver, section.title)
        for step in section.steps {
            let result = try shell(posthorn, step.command)
            let lines = (result.output + result.errors).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            let printed = lines.last == "" ? Array(lines.dropLast()) : lines
            #expect(Self.matches(printed[...], step.output[...]), "\(step.command) printed:\n\(printed.joined(separator: "\n"))")
        }
    }

    private func shell(_ posthorn: PosthornProcess, _ command: String) throws -> PosthornProcess.Result {
        let files = ["stdin", "shell-stdout", "shell-stderr"].map { posthorn.write("", to: $0) }
        let folder = PosthornProcess.binary.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let process = try posthorn.start(
            ["-c", "cd \(posthorn.directory.path) && \(command)"],
            files,
            binary: "/bin/sh",
            environment: ["PATH": "\(folder):/usr/bin:/bin"]
        )
        return PosthornProcess.Result(status: process.wait(), output: posthorn.contents(files[1]), errors: posthorn.contents(files[2]))
    }

    /// The outbox that a case begins with.
    private func prepare(_ posthorn: PosthornProcess, _ receiver: MisbehavingReceiver, _ title: String) throws {
        let isSigned = title == "A leaked key"
        let signed =
            #", {"id": "signed", "node": "shop", "url": "https://hooks.example/", "vendor": "diio", "events": ["NONE"], "credentials": {"signing_secret": "a-long-secret"}}"#
        let url = title == "One endpoint fails" ? receiver.url : "https://hooks.example/"
        let crm = #"{"id": "crm", "node": "shop", "url": "\#(url)", "vendor": "weseedo"}"#
        let topology = #"{"nodes": [{"id": "shop", "level": "site"}], "endpoints": [\#(crm)\#(isSigned ? signed : "")]}"#
        for (name, digits) in [("old.key", "ab"), ("new.key", "cd")] { _ = posthorn.write(String(repeating: digits, count: 32), to: name) }
        let key = isSigned ? ["--key-file", posthorn.directory.file("old.key")] : []
        #expect(try posthorn.run(["apply", posthorn.write(topology, to: "topology.json")] + key).status == 0)
        let events = (1...3).map { #"{"id": "o\#($0)", "type": "ORDER_PAID", "node": "shop", "data": {}}"# }
        #expect(try posthorn.run("emit", posthorn.write(events.joined(separator: "\n"), to: "events")).status == 0)
        guard title == "One endpoint fails" else { return }
        let (engine, log) = try posthorn.startLogging("run", "--allow", "127.0.0.0/8", "--suspend-after", "2", "--log", "json")
        #expect(log.wait(for: #""event":"endpoint_suspended""#))
        engine.send(SIGTERM)
        #expect(engine.wait() == 0)
    }

    /// Whether lines are as a page has them: `…` stands for any text, and for any lines where it stands alone.
    static func matches(_ lines: ArraySlice<String>, _ page: ArraySlice<String>) -> Bool {
        guard let first = page.first else { return lines.isEmpty }
        if first == "…" { return lines.indices.contains { matches(lines[$0...], page.dropFirst()) } || page.count == 1 }
        guard let line = lines.first, matches(line, first) else { return false }
        return matches(lines.dropFirst(), page.dropFirst())
    }

    private static func matches(_ line: String, _ page: String) -> Bool {
        let parts = page.split(separator: "…", omittingEmptySubsequences: false)
        guard let first = parts.first, line.hasPrefix(first) else { return false }
        if parts.count == 1 { return line == page }
        var rest = line.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return parts.last.map { rest.hasSuffix($0) } ?? true
    }

    @Test func linesAreComparedAsThePageMeansThem() {
        #expect(Self.matches(["a 1 b", "x", "y", "c"], ["a … b", "…", "c"]))
        #expect(!Self.matches(["a 1 b", "c"], ["a … d", "c"]))
        #expect(!Self.matches(["a", "b"], ["a"]) && !Self.matches(["a"], ["a", "b"]) && Self.matches([], []))
        #expect(Self.matches(["a", "b", "c"], ["a", "…"]))
    }
}
