import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let changeLogRules: [Rule] = [
        Rule("changes are appended under numbers of their own") { try $0.changesAreAppended() },
        Rule("changes that are too old are forgotten, a few at a time") { try $0.changesAreForgotten() },
        Rule("of too many changes the oldest are forgotten of the share that has most") { try $0.changesOfOneShareAreForgotten() },
    ]

    private func append(
        _ store: any OutboxStore,
        _ changes: [ChangeRecord],
        share: String = "",
        keeping limit: Int64 = ChangeRecord.keptLimit
    ) throws {
        try store.write { () throws(OutboxProblem) in for change in changes { try store.append(change, share: share, keeping: limit) } }
    }

    private func changesAreAppended() throws {
        let store = try open()
        let actors: [ChangeRecord.Actor] = [
            .key(id: "0123456789ab", name: "shop"), .key(id: "ba9876543210", name: nil), .portalSession(id: "abcdefabcdef"), .commandLine,
            .noKey,
        ]
        try append(store, actors.map { ChangeRecord(time: now, actor: $0, action: "endpoint disable", subject: "crm", node: "c1") })
        try append(store, [ChangeRecord(time: later(1), actor: .commandLine, action: "apply")])
        let all = try read { try $0.changes(before: nil, after: nil, limit: 10) }
        #expect(all.map(\.actor) == [.commandLine] + actors.reversed())
        #expect(Set(all.map(\.number)).count == 6 && all.map(\.number) == all.map(\.number).sorted(by: >))
        #expect(all[0].subject == nil && all[0].node == nil && all[0].time == later(1) && all[1].subject == "crm" && all[1].node == "c1")
    }

    private func changesAreForgotten() throws {
        let store = try open()
        func change(_ moment: Timestamp) -> ChangeRecord { ChangeRecord(time: moment, actor: .commandLine, action: "apply") }
        let many = ChangeRecord.forgottenEach + 50
        try append(store, (0..<many).map { _ in change(now) })
        let late = later(ChangeRecord.keptMilliseconds + 1)
        try append(store, [change(late)])
        #expect(try read { try $0.changes(before: nil, after: nil, limit: 1000) }.count == 51)
        try append(store, [change(late)])
        #expect(try read { try $0.changes(before: nil, after: nil, limit: 1000) }.map(\.time) == [late, late])
    }

    private func changesOfOneShareAreForgotten() throws {
        let store = try open()
        let (limit, step) = (Int64(250), ChangeRecord.forgottenEach)
        func changes(_ count: Int, _ action: String) -> [ChangeRecord] {
            (0..<count).map { ChangeRecord(time: now, actor: .noKey, action: action, subject: String($0), node: "n") }
        }
        try append(store, changes(20, "few"), share: "node a", keeping: limit)
        try append(store, changes(3 * step - 20, "many"), share: "node b", keeping: limit)
        let kept = try read { try $0.changes(before: nil, after: nil, limit: 1000) }
        #expect(kept.count == Int(limit) - step)
        #expect(kept.filter { $0.action == "few" }.count == 20)
        // The newest of those that are many.
        #expect(kept.first?.subject == String(3 * step - 21) && kept.first?.action == "many")
    }
}
