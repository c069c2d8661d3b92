import Testing

@testable import PosthornSending

@Suite struct ShardAgendaTests {
    @Test func endedTransfersAreVisitedOnce() {
        var agenda = ShardAgenda()
        #expect(agenda.takeEnded() == nil)
        for shard in [3, 0, 19, 3] { agenda.mayHaveEnded(shard) }
        #expect([agenda.takeEnded(), agenda.takeEnded(), agenda.takeEnded(), agenda.takeEnded()] == [0, 3, 19, nil])
    }

    @Test func theEarliestDeadlineCounts() {
        var agenda = ShardAgenda()
        #expect(agenda.nextDeadline == .max)
        agenda.setDeadline(200, of: 19)
        agenda.setDeadline(100, of: 4)
        #expect(agenda.nextDeadline == 100)
        #expect(agenda.isDue(4, now: 100))
        #expect(!agenda.isDue(4, now: 99))
        #expect(!agenda.isDue(0, now: 1_000))
        agenda.setDeadline(.max, of: 4)
        #expect(agenda.nextDeadline == 200)
    }
}
