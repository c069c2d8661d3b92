import Glibc
import PosthornTestSupport
import Testing

/// Another implementation that judges what the engine sends.
enum Judge: String, CaseIterable, Sendable, CustomTestStringConvertible {
    /// standardwebhooks, PyJWT, stripe and pyca's cryptography, behind judge.py.
    case libraries
    /// Examples/receivers/receiver.py
    case python
    /// Examples/receivers/receiver.js
    case node
    /// Examples/receivers/swift
    case swift

    var testDescription: String {
        switch self {
        case .libraries: return "the vendors' libraries"
        case .python: return "receiver.py"
        case .node: return "receiver.js"
        case .swift: return "the Swift receiver"
        }
    }

    /// The formats it knows.
    var formats: [JudgedFormat] {
        switch self {
        case .libraries: return JudgedFormat.vendors + [JudgedFormat.ed25519] + JudgedFormat.configured
        // Python's standard library has no ed25519.
        case .python: return JudgedFormat.vendors
        case .node, .swift: return JudgedFormat.vendors + [JudgedFormat.ed25519]
        }
    }

    /// How it is started with a configuration.
    func command(_ configuration: String, _ expected: String) -> [String] {
        switch self {
        case .libraries: return [Self.venvPython, Self.script, "serve", configuration, expected]
        case .python: return ["python3", "\(Self.top)/Examples/receivers/receiver.py", configuration]
        case .node: return ["node", "\(Self.top)/Examples/receivers/receiver.js", configuration]
        case .swift: return ["\(Self.products)/PosthornReceiverExample", configuration]
        }
    }

    /// How what it has printed is judged; `nil` when it is the judge's own finding.
    func comparison(_ configuration: String, _ expected: String, _ output: String) -> [String]? {
        let compare = ["python3", Self.script, "compare", configuration, expected, output]
        switch self {
        case .libraries: return nil
        case .python, .swift: return compare
        case .node: return compare + ["--doubles"]
        }
    }

    /// Why it cannot judge here; `nil` when it can.
    var obstacle: String? {
        switch self {
        case .libraries: return Self.librariesObstacle
        case .python: return Self.runs(["python3", "--version"]) ? nil : "python3 is not on the PATH"
        case .node:
            if !Self.runs(["node", "--version"]) { return "node is not on the PATH" }
            return Self.python.obstacle
        // It is built with the tests; what it prints is compared by Python.
        case .swift: return Self.python.obstacle
        }
    }

    /// Whether its absence is a failure, as it is on a build server.
    private static var mustJudge: Bool { getenv("CI").map { String(cString: $0) } == "true" }

    /// Whether the test runs: the judge is there, or its absence has to be a failure.
    var takesPart: Bool {
        guard let obstacle else { return true }
        print("conformance: \(testDescription) cannot judge: \(obstacle)")
        return Self.mustJudge
    }

    /// Whether it can judge; its absence is recorded as a failure.
    func isThere() -> Bool {
        if let obstacle { Issue.record("\(testDescription) cannot judge: \(obstacle)") }
        return obstacle == nil
    }

    /// Installs the libraries once, when somebody asks.
    private static let librariesObstacle: String? = {
        guard let place = try? TemporaryDirectory(),
            let installer = try? ChildProcess(["\(top)/Tests/install-judges.sh"], outputPath: place.file("output"))
        else { return "Tests/install-judges.sh does not start" }
        return installer.wait() == 0 ? nil : installer.errorLines.last ?? "Tests/install-judges.sh failed"
    }()

    private static func runs(_ words: [String]) -> Bool {
        (try? ChildProcess(words, outputPath: "/dev/null"))?.wait() == 0
    }

    /// The folder that holds Package.swift.
    static let top: String = {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    }()
    /// The folder of what was built, where the test bundle stands too.
    private static let products: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folders = ([own] + CommandLine.arguments).map { path in
            path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        }
        return folders.first { access("\($0)/PosthornReceiverExample", X_OK) == 0 } ?? "."
    }()
    private static let script = "\(top)/Tests/ConformanceTests/Judges/judge.py"
    static let venvPython = "\(top)/.build-judges/venv/bin/python"
}
