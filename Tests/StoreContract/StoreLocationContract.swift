import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let locationRules: [Rule] = [
        Rule("what is opened again has what was stored") { try $0.openedAgainItIsTheSame() },
        Rule("a reader sees the outbox that its writer has") { try $0.readersSeeTheSameOutbox() },
    ]

    private func openedAgainItIsTheSame() throws {
        #expect(!location.name.isEmpty)
        let first = try location.open(sealing: nil, at: now)
        try apply([settings("a")], to: first)
        let second = try location.open(sealing: nil, at: later(1))
        #expect(try second.topology().endpoints.map(\.settings) == [settings("a")])
    }

    private func readersSeeTheSameOutbox() throws {
        let (store, revisions) = try prepared()
        let readers = location.makeReaders(sealing: nil, now: { [now] in now })
        #expect(try !readers.read { try $0.knowsEvent("e1") })
        try accept(event("e1"), revisions, in: store)
        #expect(try readers.read { try $0.knowsEvent("e1") })
        readers.close()
    }
}
