import Glibc
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText
import Testing

extension StoreContract {
    static let changeSignalRules: [Rule] = [Rule("a commit of another program gives a signal") { try $0.commitsGiveASignal() }]

    private func commitsGiveASignal() throws {
        let (store, revisions) = try prepared()
        // Without a signal no other program writes there.
        guard let signal = store.makeChangeSignal() else { return }
        signal.drain()
        let quiet = signal.delayMilliseconds()
        try accept(event("e1"), revisions, in: try open())
        if signal.descriptor >= 0 { #expect(Self.isReadable(signal.descriptor)) }
        signal.drain()
        // Soon after the signal, and now and then without one.
        #expect((0...quiet).contains(signal.delayMilliseconds()))
        #expect(quiet <= 1000)
    }

    /// Waits for a descriptor; `false` after ten seconds, which only a store that fails sees.
    private static func isReadable(_ descriptor: Int32) -> Bool {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&wanted, 1, 10_000) == 1
    }
}
