import Glibc
import PosthornSystem
import Testing

@Suite struct ProcessFiguresTests {
    @Test func theFiguresAreThoseOfThisProcess() throws {
        let before = ProcessFigures.now()
        let (resident, reserved) = (try #require(before.residentBytes), try #require(before.virtualBytes))
        #expect(resident > 1 << 20 && reserved >= resident)
        #expect(try #require(before.openDescriptors) >= 3 && #require(before.threads) >= 1 && #require(before.cpuSeconds) > 0)
        let start = try #require(before.startSeconds)
        #expect(start > 1e9 && start <= Double(time(nil)) + 2)
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        if limit.rlim_cur != rlim_t.max { #expect(before.descriptorLimit == Int(limit.rlim_cur)) }
        #expect(ProcessFigures.now().startSeconds == start)
    }
}
