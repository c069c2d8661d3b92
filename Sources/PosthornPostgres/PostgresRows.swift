#if PostgreSQL
import CPosthornPostgres
import Glibc

/// The rows that a statement has returned, all of them in memory.
final class PostgresRows {
    private let result: OpaquePointer
    /// How many there are.
    let count: Int

    /// - Parameter result: A `PGresult *`, which is freed with these rows.
    init(_ result: OpaquePointer) {
        self.result = result
        count = Int(PQntuples(result))
    }

    deinit { PQclear(result) }

    /// How many rows a statement has written.
    var affected: Int { PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// The first row; `nil` when there is none.
    var first: PostgresRow? { count > 0 ? PostgresRow(self, 0) : nil }

    /// Every row in turn.
    var all: [PostgresRow] { (0..<count).map { PostgresRow(self, $0) } }

    func isNull(_ row: Int, _ column: Int) -> Bool { PQgetisnull(result, Int32(row), Int32(column)) == 1 }

    func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        let length = Int(PQgetlength(result, Int32(row), Int32(column)))
        return UnsafeRawBufferPointer(start: PQgetvalue(result, Int32(row), Int32(column)), count: length)
    }
}

/// One of them. A NULL reads as 0 or an empty text where no optional is asked for.
struct PostgresRow {
    private let rows: PostgresRows
    private let index: Int

    init(_ rows: PostgresRows, _ index: Int) {
        self.rows = rows
        self.index = index
    }

    func isNull(_ column: Int) -> Bool { rows.isNull(index, column) }

    func integer(_ column: Int) -> Int64 { PostgresText.integer(rows.bytes(index, column)) }

    func integerOrNil(_ column: Int) -> Int64? { isNull(column) ? nil : integer(column) }

    func double(_ column: Int) -> Double? { isNull(column) ? nil : Double(text(column)) }

    /// An array without NULLs.
    func integers(_ column: Int) -> [Int64] {
        let parts = rows.bytes(index, column).dropFirst().dropLast().split(separator: UInt8(ascii: ","))
        return parts.map { PostgresText.integer(UnsafeRawBufferPointer(rebasing: $0)) }
    }

    /// `true` for PostgreSQL's `t`.
    func boolean(_ column: Int) -> Bool { rows.bytes(index, column).first == UInt8(ascii: "t") }

    func text(_ column: Int) -> String { String(decoding: rows.bytes(index, column), as: UTF8.self) }

    func textOrNil(_ column: Int) -> String? { isNull(column) ? nil : text(column) }

    /// The bytes of a text.
    func utf8(_ column: Int) -> [UInt8] { Array(rows.bytes(index, column)) }

    /// The bytes of a `bytea`.
    func bytes(_ column: Int) -> [UInt8] { PostgresText.bytes(ofHex: rows.bytes(index, column)) }
}
#endif
