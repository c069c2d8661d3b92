import Testing

@testable import PosthornSQLite

/// What /proc says of a process that cannot run.
@Suite struct ProcessPauseTests {
    @Test func theStateIsBehindAnyName() {
        #expect(ProcessPause.state("17 (posthorn) S 1 17 17") == "S")
        #expect(ProcessPause.state("17 (a) T (b) T 1 17 17") == "T")
        #expect(ProcessPause.state("") == nil)
    }

    @Test func theGroupIsThatOfTheUnifiedHierarchy() {
        #expect(ProcessPause.group("1:name=systemd:/x\n0::/system.slice/posthorn.service\n") == "/system.slice/posthorn.service")
        #expect(ProcessPause.group("1:cpu:/x\n") == nil)
    }

    @Test func thisProcessRuns() { #expect(ProcessPause(1) == nil) }
}
