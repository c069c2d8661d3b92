import Testing

/// The store's port: roles that are small, and a contract that leaves none of their requirements out.
@Suite struct PortTests {
    /// The protocols of the port, each with its requirements and the file that is to call them.
    static let roles: [Role] = {
        let alone = ["ChangeSignal", "StoreWatch", "OutboxReader", "StoreLocation"].compactMap {
            SourceTree.file("Sources/PosthornStore/\($0).swift")
        }
        return (SourceTree.files(under: "Sources/PosthornStore/Roles") + alone).flatMap { Role.all(in: $0.text) }
    }()

    /// Requirements that a role may have at most, so that a test can replace it.
    static let requirementLimit = 8

    @Test func aRoleIsSmallEnoughToBeReplacedInATest() {
        #expect(Self.roles.count > 20)
        for role in Self.roles {
            #expect(
                role.requirements.count <= Self.requirementLimit,
                "\(role.name) has \(role.requirements.count) requirements; split it"
            )
            #expect(Set(role.requirements).count == role.requirements.count, "\(role.name) has two requirements of one name")
        }
    }

    @Test(arguments: roles)
    func theContractCallsEveryRequirementOfARole(_ role: Role) {
        if role.requirements.isEmpty { return }
        guard let contract = SourceTree.file("Tests/StoreContract/\(role.name)Contract.swift") else {
            Issue.record("the contract has no file for \(role.name)")
            return
        }
        let calls = Set(SwiftCall.all(in: contract.text))
        for requirement in role.requirements {
            #expect(calls.contains(requirement), "\(contract.path) does not call \(requirement)")
        }
    }

    @Test func theStoreAndItsReaderAreMadeOfRolesAlone() {
        let names = Set(Self.roles.map(\.name))
        for whole in ["OutboxStore", "OutboxReader"] {
            let text = SourceTree.file("Sources/PosthornStore/\(whole).swift")?.text ?? ""
            let parents = text.firstMatch(of: #/protocol \w+: ([^{]+)\{\}/#)?.1.split { !$0.isLetter } ?? []
            #expect(parents.count > 5, "\(whole)")
            for parent in parents { #expect(names.contains(String(parent)), "\(whole) is made of \(parent)") }
        }
    }

    @Test func theArchitecturePageHasEveryRole() {
        let page = SourceTree.file("Sources/Posthorn/Posthorn.docc/Architecture.md")?.text ?? ""
        for file in SourceTree.files(under: "Sources/PosthornStore/Roles") {
            for role in Role.all(in: file.text) { #expect(page.contains("`\(role.name)`"), "the page lacks \(role.name)") }
        }
    }

    @Test func nothingOfTheLibraryButItsDoorNamesSQLite() {
        for (file, module) in ImportTests.imports(under: "Sources/Posthorn") where module == "PosthornSQLite" {
            #expect(file == "Sources/Posthorn/Outbox/Outbox+SQLite.swift", "\(file) goes past the port")
        }
    }

    // MARK: The reading itself

    @Test func requirementsAreReadWithTheirLabels() {
        let role = Role.all(
            in: """
                /// Has `func not(this:)`.
                public protocol Some: AnyObject {
                    /// Text { with } braces.
                    var count: Int { get }
                    func plain()
                    func write<Result>(_ body: (Int, Int) throws -> Result) throws -> Result
                    func long(
                        after id: Int64,
                        limit: Int,
                        _ visit: (Row) -> Bool
                    ) throws -> End
                }
                """
        )
        #expect(role.map(\.name) == ["Some"])
        #expect(role.first?.requirements == ["count", "plain()", "write(_:)", "long(after:limit:_:)"])
    }

    @Test func callsAreReadWithTheirLabels() {
        let calls = SwiftCall.all(
            in: #"""
                let a = store.plain().count
                try store.write { 1 }
                _ = try x.long(after: f(1, 2), limit: [1, 2].count) { $0.isIt }
                store.text("a, b: (", other: #"{"a":1}"#)
                """#
        )
        for wanted in ["plain()", "count", "write(_:)", "long(after:limit:_:)", "text(_:other:)", "isIt"] {
            #expect(calls.contains(wanted), "\(wanted) in \(calls)")
        }
        #expect(!calls.contains("write") && !calls.contains("long(after:limit:)"))
    }
}
