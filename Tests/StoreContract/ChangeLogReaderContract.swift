import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let changeLogReaderRules: [Rule] = [
        Rule("changes are read newest first, behind or before a number") { try $0.changesAreReadInParts() }
    ]

    private func changesAreReadInParts() throws {
        let store = try open()
        #expect(try read { try $0.changes(before: nil, after: nil, limit: 10) }.isEmpty)
        try store.write { () throws(OutboxProblem) in
            for number in 0..<6 {
                let change = ChangeRecord(time: later(Int64(number)), actor: .noKey, action: "\(number)")
                try store.append(change, share: "", keeping: ChangeRecord.keptLimit)
            }
        }
        let all = try read { try $0.changes(before: nil, after: nil, limit: 10) }
        func part(_ before: Int64?, _ after: Int64?, _ limit: Int) throws -> String {
            try read { try $0.changes(before: before, after: after, limit: limit) }.map(\.action).joined()
        }
        #expect(all.map(\.action).joined() == "543210")
        #expect(try part(nil, nil, 2) == "54" && part(all[1].number, nil, 2) == "32" && part(all[5].number, nil, 2) == "")
        #expect(try part(nil, all[5].number, 2) == "21" && part(nil, all[0].number, 2) == "")
    }
}
