import Glibc
import PosthornTestSupport
import Testing

@testable import PosthornCLI

/// Completions and the manual page, as the shells and the formatter read them.
@Suite(.limited()) struct ShellTests {
    private let posthorn: PosthornProcess

    init() throws { posthorn = try PosthornProcess() }

    private func run(_ program: String, _ words: [String]) throws -> (status: Int32, output: String, errors: String) {
        let files = ["in", "out", "err"].map { posthorn.write("", to: $0) }
        let status = try posthorn.start(words, files, binary: program, environment: ["PATH": "/usr/bin:/bin"]).wait()
        return (status, posthorn.contents(files[1]), posthorn.contents(files[2]))
    }

    private func script(_ shell: String) throws -> String {
        let result = try posthorn.run("completions", shell)
        #expect(result.status == 0)
        return posthorn.write(result.output, to: "completions.\(shell)")
    }

    /// What bash offers at the end of a line.
    private func bash(_ line: String) throws -> Set<String> {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        let array = words.map { "'\($0)'" }.joined(separator: " ")
        let program = """
            source \(try script("bash")); COMP_WORDS=(\(array)); COMP_CWORD=\(words.count - 1); _posthorn; printf '%s\\n' "${COMPREPLY[@]}"
            """
        let result = try run("/bin/bash", ["-uc", program])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        return Set(result.output.split(separator: "\n").map(String.init))
    }

    @Test func bashOffersCommandsSecondWordsFlagsAndFiles() throws {
        #expect(try bash("posthorn de") == ["deliveries"])
        #expect(try bash("posthorn endpoint ro") == ["rotate"])
        #expect(try bash("posthorn endpoint rotate --gr").allSatisfy { $0.hasPrefix("--gr") })
        #expect(try bash("posthorn run --until") == ["--until-settled"])
        #expect(try bash("posthorn --db some.db run --until") == ["--until-settled"])
        #expect(try bash("posthorn run --log ") == [])
        let file = posthorn.write("{}", to: "topology.json")
        #expect(try bash("posthorn apply \(file.dropLast(3))") == [file])
        #expect(try bash("posthorn apply --db \(file.dropLast(3))") == [file])
        #expect(try bash("posthorn help reke") == ["rekey"])
    }

    @Test func everyCommandAndFlagIsInEachScript() throws {
        let scripts = CompletionScript.Shell.allCases.map { CompletionScript(Program.commands.map { $0.specification }).text($0) }
        for command in Program.commands.map({ $0.specification }) {
            for flag in command.allFlags { for script in scripts { #expect(script.contains(flag.name), "\(command.name) --\(flag.name)") } }
        }
    }

    @Test(.enabled(if: access("/usr/bin/zsh", X_OK) == 0, "zsh is not installed")) func zshReadsItsScript() throws {
        let file = try script("zsh")
        let program =
            "autoload -Uz compinit && compinit -u -d \(posthorn.directory.file("dump")) && source \(file) 2>/dev/null; whence -w _posthorn"
        let result = try run("/usr/bin/zsh", ["-fc", program])
        #expect(result.output.contains("_posthorn: function"), "\(result.errors)")
        #expect(try run("/usr/bin/zsh", ["-n", file]).status == 0)
    }

    @Test(.enabled(if: access("/usr/bin/fish", X_OK) == 0, "fish is not installed")) func fishOffersTheSame() throws {
        let file = try script("fish")
        func offers(_ line: String) throws -> [String] {
            let result = try run("/usr/bin/fish", ["--no-config", "-c", "source \(file); complete -C '\(line)'"])
            #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
            return result.output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
        }
        #expect(try offers("posthorn de") == ["deliveries"])
        #expect(try offers("posthorn endpoint ro") == ["rotate"])
        #expect(try offers("posthorn run --until") == ["--until-settled"])
    }

    @Test(.enabled(if: access("/usr/bin/mandoc", X_OK) == 0, "mandoc is not installed")) func theManualPageIsWellFormed() throws {
        let page = try posthorn.run("manual")
        #expect(page.status == 0)
        let file = posthorn.write(page.output, to: "posthorn.1")
        let lint = try run("/usr/bin/mandoc", ["-T", "lint", "-W", "warning", file])
        // A page that is made by the program it explains has its version and no date.
        let problems = lint.output.split(separator: "\n").filter { !$0.contains("missing date") }
        #expect(problems.isEmpty, "\(lint.output)")
        let text = try run("/usr/bin/mandoc", ["-T", "ascii", file]).output
        for command in Program.commands.map({ $0.specification }) {
            #expect(text.contains("posthorn \(command.name)") || text.contains(command.name))
        }
    }

    @Test(.enabled(if: access("/usr/bin/systemd-analyze", X_OK) == 0, "systemd is not installed")) func theUnitIsRightAndHardened() throws {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        let unit = posthorn.contents(parts.joined(separator: "/") + "/Examples/packaging/posthorn.service")
        // The verifier wants programs that are there.
        let here = unit.replacing("/usr/bin/posthorn", with: PosthornProcess.binary).replacing("Documentation=man:posthorn(1)\n", with: "")
        let file = posthorn.write(here, to: "posthorn.service")
        let verified = try run("/usr/bin/systemd-analyze", ["verify", file])
        #expect(verified.status == 0 && verified.errors.isEmpty, "\(verified.errors)")
        let security = try run("/usr/bin/systemd-analyze", ["security", "--offline=true", "--threshold=20", file])
        #expect(security.status == 0, "\(security.output)")
    }
}
