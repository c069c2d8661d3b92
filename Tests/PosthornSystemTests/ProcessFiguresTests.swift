import Glibc
import PosthornSystem
import Testing

@Suite struct ProcessFiguresTests {
    @Test func theFiguresAreThoseOfThisProcess() {
        let before = ProcessFigures.now()
        #expect(before.residentBytes > 1 << 20 && before.virtualBytes >= before.residentBytes)
        #expect(before.openDescriptors >= 3 && before.threads >= 1 && before.cpuSeconds >= 0)
        #expect(before.startSeconds > 1e9 && before.startSeconds <= Double(time(nil)) + 2)
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        if limit.rlim_cur != rlim_t.max { #expect(before.descriptorLimit == Int(limit.rlim_cur)) }
        #expect(ProcessFigures.now().startSeconds == before.startSeconds)
    }
}
