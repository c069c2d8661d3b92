#if PostgreSQL
import PosthornStore
import Testing

@testable import PosthornPostgres

/// Values as PostgreSQL reads and writes them.
@Suite struct PostgresValueTests {
    private static func text(_ value: PostgresValue) -> String? {
        var buffer: [UInt8] = []
        return value.append(to: &buffer) ? String(decoding: buffer, as: UTF8.self) : nil
    }

    @Test func valuesAreWrittenInTheServersTextForm() {
        #expect(Self.text(.integer(.min)) == "-9223372036854775808")
        #expect(Self.text(.integer(nil)) == nil)
        #expect(Self.text(.text("é\0\"")) == "é\u{FFFD}\"")
        #expect(Self.text(.bytes([0, 255, 16])) == "\\x00ff10")
        #expect(Self.text(.integers([1, nil, -3])) == "{1,NULL,-3}")
        #expect(Self.text(.texts([#"a"b\c"#, nil, "", "NULL"])) == #"{"a\"b\\c",NULL,"","NULL"}"#)
        #expect(Self.text(.bytesList([[], [1]])) == #"{"\\x","\\x01"}"#)
        #expect(Self.text(.booleans([true, false])) == "{t,f}")
    }

    @Test(arguments: ["", "0", "-1", "9223372036854775807", "-9223372036854775808"])
    func wholeNumbersAreRead(_ text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { PostgresText.integer($0) } == Int64(text) ?? 0)
    }

    @Test func bytesAreRead() {
        #expect(Array("\\x00fF10".utf8).withUnsafeBytes { PostgresText.bytes(ofHex: $0) } == [0, 255, 16])
        #expect(Array("".utf8).withUnsafeBytes { PostgresText.bytes(ofHex: $0) } == [])
    }

    @Test func aPatternMeansNothingElseToLike() {
        #expect(PostgresText.likePattern("MEETING_*") == "MEETING\\_%")
        #expect(PostgresText.likePattern("*") == "%")
    }

    @Test(
        arguments: [
            ("40001", .busy), ("40P01", .busy), ("55P03", .busy), ("57014", .busy), ("53300", .busy), ("25006", .busy), ("25P03", .busy),
            ("53100", .full), ("57P01", .unreachable), ("57P03", .unreachable), ("08006", .unreachable), (nil, .unreachable),
            ("28P01", .access), ("42501", .access), ("3D000", .access), ("23505", .constraint), ("23514", .constraint), ("42P01", .schema),
            ("58030", .io), ("XX001", .damaged), ("XX000", .other),
        ] as [(String?, OutboxProblem.Code)]
    )
    func aServersErrorHasItsCode(_ state: String?, _ code: OutboxProblem.Code) {
        #expect(PostgresFailure.code(state) == code)
        let problem = PostgresFailure.problem(state, "it failed")
        #expect(problem.code == code)
        #expect(problem.serverState == state)
        #expect(problem.message == "it failed" + (state.map { " (\($0))" } ?? ""))
    }
}
#endif
