import PosthornBenchReports
import Testing

/// The known answer is that of valgrind's own `callgrind_annotate --threshold=100`, its functions summed by object.
@Suite struct CallgrindProfileTests {
    @Test func costsAreSummedByTheirObjectAndCallsAreNotCountedTwice() throws {
        let count = try CallgrindProfile(Self.recorded).count
        // fold'2 374, main 35 and fold 21; modf 21 and fabs 2; labs 4.
        #expect(count == InstructionCount(total: 457, byObject: ["count": 430, "libm": 23, "libc": 4]))
    }

    @Test func instructionsAreFoundBesideOtherEventsAndPositionsAndZerosAtTheEndMayBeLeftOut() throws {
        let text = """
            positions: instr line
            events: Dr Ir
            ob=(1) /lib/libz.so.1.2.13
            fn=(1) inflate
            0x12 3 7 40
            0x14 3 7
            +2 +1 0 2
            totals: 14 42
            """
        #expect(try CallgrindProfile(text).count == InstructionCount(total: 42, byObject: ["libz": 42]))
    }

    @Test func codeOutsideOfAllObjectsIsUnknown() throws {
        let count = try CallgrindProfile("events: Ir\nfn=(0) stub\n0 3\nob=(1) ???\n0 4\ntotals: 7").count
        #expect(count.byObject == ["unknown": 7])
    }

    @Test func aFileThatIsCutOffIsRefused() {
        let cut = Self.recorded.split(separator: "\n").filter { !$0.hasPrefix("totals") && !$0.hasPrefix("summary") }
        #expect(throws: BenchProblem("callgrind's file is not whole: it has no line of totals")) {
            try CallgrindProfile(cut.joined(separator: "\n"))
        }
        #expect(throws: BenchProblem.self) { try CallgrindProfile("") }
    }

    @Test func aFileWhoseLinesDoNotMakeItsTotalIsRefused() {
        #expect(throws: BenchProblem("callgrind's file says 8 instructions in all, but its lines have 7")) {
            try CallgrindProfile("events: Ir\nob=(1) /bin/a\n0 7\ntotals: 8")
        }
    }

    @Test(
        arguments: [
            ("/usr/lib/x86_64-linux-gnu/libcurl.so.4.8.0", "libcurl"), ("/lib/ld-linux-x86-64.so.2", "ld-linux-x86-64"),
            ("/tmp/posthorn", "posthorn"), ("libssh2.so", "libssh2"), ("???", "unknown"), ("", "unknown"),
        ]
    )
    func anObjectsNameHasNeitherFolderNorVersion(_ path: String, _ name: String) {
        #expect(InstructionCount.shortName(ofObject: path) == name)
    }

    /// Callgrind 3.19's whole file of a small C program (its costs within main), but for lines that hold neither names nor costs.
    private static let recorded = """
        # callgrind format
        creator: callgrind-3.19.0
        cmd:  count

        positions: line
        events: Ir
        summary: 457

        ob=(4) /usr/lib/x86_64-linux-gnu/libm.so.6
        fl=(157) ./math/../sysdeps/ieee754/dbl-64/s_modf.c
        fn=(602) modf
        34 1
        -3 1
        +4 4
        +1 2
        +1 2
        +5 2
        +1 2
        +3 1
        +1 1
        -1 1
        -7 1
        +7 1
        +15 2

        fl=(158) ./math/../sysdeps/ieee754/dbl-64/s_fabs.c
        fn=(606) fabs
        27 1
        +1 1

        ob=(3) /usr/lib/x86_64-linux-gnu/libc.so.6
        fl=(152) ./csu/../sysdeps/nptl/libc_start_call_main.h
        fn=(584) (below main)
        cob=(6) /usr/bin/count
        cfi=(149) ???
        cfn=(592) main
        calls=1 0
        58 457

        fl=(150) ./csu/../csu/libc-start.c
        fn=(562) __libc_start_main@@GLIBC_2.34
        cfi=(152)
        cfn=(584)
        calls=1 29
        360 457

        fl=(156) ./stdlib/../stdlib/labs.c
        fn=(598) labs
        27 3
        +1 1

        ob=(6)
        fl=(149)
        fn=(560) (below main)
        cob=(3)
        cfi=(150)
        cfn=(562)
        calls=1 242
        0 457

        fn=(594) fold
        0 11
        cfn=(595) fold'2
        calls=1 0
        0 235
        0 5
        cfn=(595)
        calls=1 0
        0 139
        0 5

        fn=(595)
        0 212
        cfn=(595)
        calls=11 0
        0 473
        0 55
        cfn=(595)
        calls=11 0
        0 249
        0 107

        fn=(592)
        0 8
        cfn=(594)
        calls=1 0
        0 395
        0 3
        cob=(3)
        cfi=(156)
        cfn=(598)
        calls=1 27
        0 4
        0 1
        0 12
        cob=(4)
        cfi=(157)
        cfn=(602)
        calls=1 34
        0 21
        0 1
        0 3
        cob=(4)
        cfi=(158)
        cfn=(606)
        calls=1 27
        0 2
        0 1
        0 6

        ob=(1) /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
        fl=(1) ???
        fn=(0) 0x000000000001ab70
        cob=(6)
        cfi=(149)
        cfn=(560)
        calls=1 0
        0 457

        totals: 457
        """
}
