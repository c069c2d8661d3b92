import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let vaultRules: [Rule] = [
        Rule("credentials are replaced") { try $0.credentialsAreReplaced() },
        Rule("with a key credentials and headers are sealed, and open with it alone") { try $0.sealedOpensWithItsKey() },
        Rule("what is stored in the clear can be sealed") { try $0.clearOnesAreSealed() },
        Rule("what is sealed can be sealed again with another key, all or nothing") { try $0.keysAreChanged() },
    ]

    private func secret(_ id: String) -> EndpointSettings {
        var settings = settings(id)
        settings.credentials = ["key": .string("secret of \(id)")]
        settings.headers = [.init(name: "x-key", value: "header of \(id)")]
        return settings
    }

    private func credentialsAreReplaced() throws {
        let store = try open()
        try apply([secret("a"), secret("b")], to: store)
        let key = try #require(try store.endpoint(id: "a")).key
        try store.write { () throws(OutboxProblem) in
            try store.setCredentials(["key": .string("new")], ofEndpoint: key, id: "a", at: now)
        }
        var wanted = secret("a")
        wanted.credentials = ["key": .string("new")]
        #expect(try store.endpoint(id: "a")?.settings == wanted && store.endpoint(id: "b")?.settings == secret("b"))
    }

    private func sealedOpensWithItsKey() throws {
        let store = try open(sealing: ToySealing(key: 7))
        try apply([secret("a"), settings("plain")], to: store)
        let found = try #require(try store.endpoint(id: "a"))
        #expect(found.settings == secret("a") && found.isSealed && found.fault == nil)
        #expect(try open().hasSealedCredentials())
        #expect(try read(sealing: ToySealing(key: 7)) { try $0.topology(withCredentials: true, withRemoved: true).endpoints[0] } == found)
        for sealing in [nil, ToySealing(key: 8)] {
            let closed = try #require(try open(sealing: sealing).endpoint(id: "a"))
            #expect(closed.fault?.problem.code == .key && closed.fault?.losesCredentials == true)
            #expect(closed.settings.credentials.isEmpty && closed.settings.url == secret("a").url)
        }
        // One endpoint's fault is no other's, and lists need no key.
        #expect(try open().endpoint(id: "plain")?.fault == nil)
        let closed = try read { try $0.topology(withCredentials: false, withRemoved: true).endpoints[0] }
        #expect(closed.fault == nil && closed.isSealed && closed.settings.headers.map(\.name) == ["x-key"])
        try store.write { () throws(OutboxProblem) in
            try store.setCredentials(["key": .string("new")], ofEndpoint: found.key, id: "a", at: now)
        }
        #expect(try store.endpoint(id: "a")?.settings.credentials == ["key": .string("new")])
        #expect(try open().endpoint(id: "a")?.fault?.problem.code == .key)
    }

    private func clearOnesAreSealed() throws {
        try apply([secret("a"), settings("plain"), secret("b")], to: try open())
        func seal(_ store: any OutboxStore) throws -> [String] {
            try store.write { () throws(OutboxProblem) in try store.sealClearCredentials(at: now) }
        }
        #expect(try !open(sealing: ToySealing(key: 7)).hasSealedCredentials())
        // Without a key there is nothing to seal with.
        #expect(try seal(try open()).isEmpty)
        let store = try open(sealing: ToySealing(key: 7))
        #expect(try store.endpoint(id: "a")?.settings == secret("a"))
        #expect(try seal(store) == ["a", "b"])
        #expect(try seal(store).isEmpty)
        #expect(try open().endpoint(id: "b")?.fault?.problem.code == .key)
        #expect(try store.endpoint(id: "b")?.settings == secret("b"))
        #expect(try read { try $0.credentialStorage() }.inTheClear == 0)
    }

    private func keysAreChanged() throws {
        try apply([secret("a"), secret("b")], to: try open(sealing: ToySealing(key: 7)))
        func change(to key: UInt8, from former: UInt8) throws -> [String] {
            let store = try open(sealing: ToySealing(key: key, former: former))
            return try store.write { () throws(OutboxProblem) in try store.sealAnew(at: now) }
        }
        #expect(throws: OutboxProblem.self) { try change(to: 9, from: 8) }
        #expect(try open(sealing: ToySealing(key: 7)).endpoint(id: "b")?.settings == secret("b"))
        #expect(try change(to: 8, from: 7) == ["a", "b"])
        #expect(try open(sealing: ToySealing(key: 8)).endpoint(id: "b")?.settings == secret("b"))
        #expect(try open(sealing: ToySealing(key: 7)).endpoint(id: "b")?.fault?.problem.code == .key)
    }
}

/// A cipher that hides nothing, for rules about what is sealed and when.
struct ToySealing: CredentialSealing {
    let key: UInt8
    /// Another key that may open.
    var former: UInt8?

    func seal(_ credentials: [UInt8], ofEndpoint id: String) throws(OutboxProblem) -> String {
        "\(key) \(id) " + credentials.map { String($0 ^ key) }.joined(separator: " ")
    }

    func open(_ sealed: String, ofEndpoint id: String) throws(OutboxProblem) -> [UInt8] {
        let parts = sealed.split(separator: " ")
        guard parts.count >= 2, parts[1] == id, let made = UInt8(parts[0]), made == key || made == former else {
            throw OutboxProblem(.key, "sealed with another key")
        }
        return parts.dropFirst(2).compactMap { UInt8($0) }.map { $0 ^ made }
    }
}
