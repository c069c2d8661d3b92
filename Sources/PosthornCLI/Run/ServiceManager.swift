import Glibc
import Posthorn
import PosthornSystem

/// Reports to the service manager that started this process, by the protocol of sd_notify(3): `READY=1` once it delivers or
/// stands by, `STOPPING=1` when it drains, and `WATCHDOG=1` for as long as the writer answers.
final class ServiceManager: Sendable {
    /// A path, or a name behind `@` in Linux's abstract space.
    private let address: String
    /// How often the manager wants a sign of life, in milliseconds; `nil` when it does not.
    let watchdogMilliseconds: Int64?

    /// - Parameter environment: Gives the value of a variable. `nil` results when no service manager asks for anything.
    init?(_ environment: (String) -> String?) {
        guard let address = environment("NOTIFY_SOCKET"), address.hasPrefix("/") || address.hasPrefix("@") else { return nil }
        self.address = address
        // Set for a child of the service as well, which is not the one that is watched.
        let isForUs = environment("WATCHDOG_PID").map { $0 == String(getpid()) } ?? true
        let microseconds = environment("WATCHDOG_USEC").flatMap(Int64.init) ?? 0
        watchdogMilliseconds = isForUs && microseconds > 0 ? max(1, microseconds / 1000) : nil
    }

    /// The one that started this process, if one did.
    static let current = ServiceManager { name in getenv(name).map { String(cString: $0) } }

    /// Reports what of an engine's life concerns a service manager.
    func note(_ event: EngineEvent) {
        switch event {
        case .started: tell("READY=1\nSTATUS=delivering")
        case .standingBy: tell("READY=1\nSTATUS=standing by")
        case .storageFailed: tell("STATUS=the outbox cannot be written, nothing is sent until it can")
        case .storageRecovered: tell("STATUS=delivering")
        case .draining: tell("STOPPING=1\nSTATUS=draining")
        default: break
        }
    }

    /// Sends a datagram. A manager that does not read, or is gone, is no reason to fail.
    func tell(_ state: String) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var place = sockaddr_un()
        place.sun_family = sa_family_t(AF_UNIX)
        var name = Array(address.utf8)
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < MemoryLayout.size(ofValue: place.sun_path) else { return }
        withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        var bytes = Array(state.utf8)
        withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = sendto(descriptor, &bytes, bytes.count, Int32(MSG_NOSIGNAL), pointer, length)
            }
        }
    }

    /// Gives signs of life, twice as often as they are wanted, for as long as the process lives.
    ///
    /// Each comes from the writer's thread, so that an engine that hangs is noticed. One that stands by has no writer that must answer.
    func keepWatch(over engine: Engine) throws(SystemProblem) {
        guard let watchdogMilliseconds else { return }
        let waker = try Waker()
        try WorkerThread(name: "posthorn-watchdog") { [self] in
            while true {
                if !engine.takeSnapshot({ _ in self.tell("WATCHDOG=1") }) { tell("WATCHDOG=1") }
                waker.wait(milliseconds: watchdogMilliseconds / 2)
            }
        }.detach()
    }
}
