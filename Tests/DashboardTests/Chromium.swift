import Glibc
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Synchronization

/// A headless Chromium, driven over the DevTools protocol on a pipe: JSON messages, each ended by a zero byte, on descriptors 3 and 4.
///
/// One process serves the whole suite; each test has a context of its own in it, which shares no storage with others.
final class Chromium: Sendable {
    /// What the browser said without being asked.
    struct Event: Sendable {
        let session: String
        let method: String
        let parameters: JSONValue
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private struct State {
        var lastCall = 0
        var bytes: [UInt8] = []
        var events: [Event] = []
    }

    private let process: pid_t
    private let input: Int32
    private let output: Int32
    private let profile: TemporaryDirectory
    private let state = Mutex(State())

    /// The longest wait for an answer; only a test that fails ever waits so long.
    private static let limitMilliseconds: Int32 = 180_000

    /// Where the program is; `nil` when it is not installed.
    static let program: String? = {
        let folders = getenv("PATH").map { String(cString: $0).split(separator: ":") } ?? []
        return ["chromium", "chromium-browser", "google-chrome"].lazy
            .flatMap { name in folders.map { "\($0)/\(name)" } }
            .first { access($0, X_OK) == 0 }
    }()

    /// The browser of the suite.
    static let shared = Result { try Chromium() }

    init() throws {
        guard let program = Self.program else { throw Failure(description: "Chromium is not installed") }
        profile = try TemporaryDirectory()
        let (childInput, ownInput) = try Self.makePipe()
        let (ownOutput, childOutput) = try Self.makePipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, profile.file("log"), O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_adddup2(&actions, childInput, 3)
        posix_spawn_file_actions_adddup2(&actions, childOutput, 4)
        closeForeignDescriptors(&actions, from: 5)
        let arguments = [
            program, "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--lang=en-GB",
            "--user-data-dir=\(profile.file("profile"))",
        ]
        // Its sandbox does not work for the superuser, as whom containers run; the pages are our own.
        let unsandboxed = geteuid() == 0 ? ["--no-sandbox"] : []
        var words: [UnsafeMutablePointer<CChar>?] = (arguments + unsandboxed + ["about:blank"]).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child = pid_t()
        let status = posix_spawn(&child, program, &actions, nil, &words, environ)
        close(childInput)
        close(childOutput)
        guard status == 0 else { throw SystemProblem("posix_spawn \(program)", status) }
        (process, input, output) = (child, ownInput, ownOutput)
    }

    deinit {
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        close(input)
        close(output)
    }

    /// A pipe whose ends lie above the descriptors that the child gets them as, so that neither is overwritten.
    private static func makePipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemProblem("pipe", errno) }
        let high = ends.map { end in
            let moved = fcntl(end, F_DUPFD_CLOEXEC, 10)
            close(end)
            return moved
        }
        return (high[0], high[1])
    }

    /// Calls a method and waits for its answer.
    /// - Parameter session: The tab; `nil` for the browser itself.
    func call(_ method: String, _ parameters: JSONLine = JSONLine(), session: String? = nil) throws -> JSONValue {
        try state.withLock { state in
            state.lastCall += 1
            let number = state.lastCall
            var message = JSONLine()
            message.add("id", number)
            message.add("method", method)
            message.add("params", parameters)
            if let session { message.add("sessionId", session) }
            try send(Array(message.text.utf8) + [0])
            while true {
                let answer = try next(&state)
                guard answer["id"] == .number(String(number)) else {
                    if let name = answer["method"]?.string {
                        let session = answer["sessionId"]?.string ?? ""
                        state.events.append(Event(session: session, method: name, parameters: answer["params"] ?? .null))
                    }
                    continue
                }
                if let error = answer["error"] { throw Failure(description: "\(method): \(error.text)") }
                return answer["result"] ?? .null
            }
        }
    }

    /// Waits for an event of a tab that is there already or comes.
    func wait(for method: String, session: String) throws {
        try state.withLock { state in
            while !state.events.contains(where: { $0.session == session && $0.method == method }) {
                let message = try next(&state)
                guard let name = message["method"]?.string else { continue }
                let session = message["sessionId"]?.string ?? ""
                state.events.append(Event(session: session, method: name, parameters: message["params"] ?? .null))
            }
        }
    }

    /// The events of a tab so far, which are forgotten.
    func takeEvents(session: String) -> [Event] {
        state.withLock { state in
            defer { state.events.removeAll { $0.session == session } }
            return state.events.filter { $0.session == session }
        }
    }

    private func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            if count < 0 { throw SystemProblem("write to Chromium", errno) }
            rest = rest.dropFirst(count)
        }
    }

    private func next(_ state: inout State) throws -> JSONValue {
        var searched = 0
        while true {
            if let end = state.bytes[searched...].firstIndex(of: 0) {
                let message = Array(state.bytes[..<end])
                state.bytes.removeSubrange(...end)
                return try JSONValue.parse(message)
            }
            searched = state.bytes.count
            var ready = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, Self.limitMilliseconds) == 1 else { throw Failure(description: "Chromium does not answer") }
            let count = withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 1) { buffer in
                let count = read(output, buffer.baseAddress, buffer.count)
                if count > 0 { state.bytes.append(contentsOf: buffer[..<count]) }
                return count
            }
            guard count > 0 else { throw Failure(description: "Chromium has ended") }
        }
    }
}

extension JSONValue {
    /// A string's text; `nil` for anything else.
    var string: String? { if case .string(let text) = self { text } else { nil } }
}
