import Testing

@testable import PosthornSending

@Suite struct NameTurnsTests {
    private func name(_ host: String, _ owners: String..., domain: String? = nil) -> NameTurns.Name {
        NameTurns.Name(host: host, owners: owners, domain: domain ?? host)
    }

    /// The hosts that may be looked up at that time, in their order.
    private func all(_ turns: inout NameTurns, now: Int64) -> [String] {
        var hosts: [String] = []
        while let next = turns.next(now: now) { hosts.append(next.host) }
        return hosts
    }

    private func add(_ names: [NameTurns.Name], to turns: inout NameTurns) -> [Bool] { names.map { turns.add($0) } }

    @Test func youngLookUpsAreFewAndSlowOnesHoldBackNobody() {
        var turns = NameTurns(fastLimit: 2, slowLimit: 4, queueLimit: 100)
        _ = add((0..<8).map { name("h\($0)") }, to: &turns)
        let young = NameTurns.youngNanoseconds
        let rounds = [0, young - 1, young, 2 * young, 3 * young].map { all(&turns, now: $0) }
        #expect(rounds == [["h0", "h1"], [], ["h2", "h3"], ["h4", "h5"], []])
        turns.finished("h0", now: 3 * young)
        let next = all(&turns, now: 3 * young)
        #expect(next == ["h6"])
        let now = 3 * young
        #expect(turns.isRunning("h6", now: now) && !turns.isRunning("h0", now: now) && !turns.isRunning("h7", now: now))
        #expect(!turns.isRunning("h6", for: young, now: now + young - 1) && turns.isRunning("h6", for: young, now: now + young))
    }

    @Test func domainWithFewestLookUpsIsNext() {
        var turns = NameTurns(fastLimit: 20, slowLimit: 0, queueLimit: 100)
        _ = add((0..<6).map { name("a\($0)", "r", "a") } + [name("b0", "r", "b"), name("c0", "s")], to: &turns)
        let order = all(&turns, now: 0)
        #expect(Array(order.prefix(3)) == ["a0", "c0", "b0"])
    }

    @Test func noSubtreeHasMoreThanItsShare() {
        var turns = NameTurns(fastLimit: 16, slowLimit: 0, queueLimit: 1000)
        let greedy = (0..<40).map { name("x\($0)", "r", "d\($0 % 3)", "c") }
        _ = add(greedy, to: &turns)
        // Half at the top; the company that all three lead to has an eighth.
        #expect(all(&turns, now: 0).count == 2)
        _ = add((0..<40).map { name("y\($0)", "r", "d9", "e\($0)") }, to: &turns)
        // Below one node a quarter.
        #expect(all(&turns, now: 0).count == 4)
        _ = add((0..<40).map { name("z\($0)", "r", "f\($0)") }, to: &turns)
        #expect(all(&turns, now: 0).count == 2)
        _ = add([name("other", "s")], to: &turns)
        #expect(all(&turns, now: 0) == ["other"])
    }

    @Test func aNameIsChargedToWhoeverMayHaveItSooner() {
        var turns = NameTurns(fastLimit: 4, slowLimit: 0, queueLimit: 8)
        _ = add([name("a0", "r", "a"), name("wanted", "r", "a")], to: &turns)
        // A quarter of four is one, so what else "a" has asked for waits.
        let first = all(&turns, now: 0)
        #expect(first == ["a0"])
        let joined = [name("wanted", "r", "a"), name("a0", "r", "b"), name("other", "r", "b"), name("wanted", "r", "b")].map {
            turns.join($0)
        }
        #expect(joined == [false, false, false, true])
        let second = all(&turns, now: 0)
        #expect(second == ["wanted"])
        turns.finished("wanted", now: 1)
        turns.finished("a0", now: 1)
        #expect(turns.count == 0)
        // Nothing is left on either account.
        let taken = add((0..<3).map { name("x\($0)", "s", "b") } + (0..<3).map { name("y\($0)", "r", "a") }, to: &turns)
        #expect(taken == [true, true, false, true, true, false])
    }

    @Test func noSubtreeAndNoDomainFillsTheQueue() {
        var turns = NameTurns(fastLimit: 1, slowLimit: 0, queueLimit: 8)
        let taken = add((0..<6).map { name("a\($0)", "r") }, to: &turns)
        #expect(taken == [true, true, true, true, false, false])
        let others = add((0..<6).map { name("b\($0)", "s", domain: "b") }, to: &turns)
        #expect(others == [true, true, true, true, false, false])
        let late = add([name("c", "t")], to: &turns)
        #expect(late == [false])
        let first = all(&turns, now: 0)
        #expect(first.count == 1)
        turns.finished(first[0], now: 1)
        let again = add([name("c", "t")], to: &turns)
        #expect(again == [true])
    }

    @Test func namesThatWereSlowBeforeHaveHalf() {
        var turns = NameTurns(fastLimit: 4, slowLimit: 0, queueLimit: 100)
        let slow = (0..<4).map { name("s\($0)") }
        _ = add(slow, to: &turns)
        let first = all(&turns, now: 0)
        for host in first { turns.finished(host, now: NameTurns.suspectNanoseconds + 1) }
        _ = add(slow + [name("good")], to: &turns)
        #expect(first.count == 4)
        let second = all(&turns, now: 10)
        #expect(second.count == 3 && second.contains("good"))
    }

    /// Some name servers answer for the names of others and never for the root.
    @Test func serversAreAskedForTheRootOrForANameThatTheyKnew() {
        let header: [UInt8] = [0x70, 0x68, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        #expect(NameServers.question(about: "") == header + [0, 0, 2, 0, 1])
        #expect(NameServers.question(about: "ab.c.") == header + [2, 97, 98, 1, 99, 0, 0, 1, 0, 1])
        #expect(NameServers.question(about: String(repeating: "a", count: 64)) == nil)
        #expect(NameServers.question(about: String(repeating: "a.", count: 127)) == nil)
    }

    @Test func aServersRefusalIsAnAnswerAndItsFailureIsNone() {
        func answer(_ flags: UInt8, _ code: UInt8, id: [UInt8] = [0x70, 0x68]) -> Bool {
            NameServers.isAnswer(id + [flags, code] + [UInt8](repeating: 0, count: 8))
        }
        #expect(answer(0x81, 0x80) && answer(0x81, 0x83) && answer(0x81, 0x85))
        #expect(!answer(0x81, 0x82) && !answer(0x01, 0x80) && !answer(0x81, 0x80, id: [0, 0]))
        #expect(!NameServers.isAnswer([0x70, 0x68, 0x81]))
    }
}
