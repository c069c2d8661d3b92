import PosthornSystem
import Testing

@Suite struct IntegerTableTests {
    /// Numbers that look random and are the same in every run (Knuth's MMIX constants).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    /// Swift's dictionary is the other implementation that says what is right.
    @Test(arguments: [1, 16, 300, 100_000])
    func doesWhatADictionaryDoes(keys: Int64) {
        var numbers = Numbers(state: UInt64(keys))
        var table = IntegerTable<Int>()
        var dictionary: [Int64: Int] = [:]
        for step in 0..<50_000 {
            let key = Int64.random(in: 0..<keys, using: &numbers) - keys / 2
            switch Int.random(in: 0..<5, using: &numbers) {
            case 0, 1:
                table[key] = step
                dictionary[key] = step
            case 2, 3: #expect(table.removeValue(forKey: key) == dictionary.removeValue(forKey: key))
            default: #expect(table[key] == dictionary[key])
            }
            if table.count != dictionary.count { break }
        }
        #expect(table.count == dictionary.count)
        #expect(table.isEmpty == dictionary.isEmpty)
        #expect(Dictionary(uniqueKeysWithValues: table.all.map { ($0.key, $0.value) }) == dictionary)
    }

    @Test func keysThatShareAPlaceAreKeptApartAndMoveUpWhenOneGoes() {
        // Seven keys for the last two of a small table's sixteen places: they go on at its beginning.
        let keys = (0..<1000 as Range<Int64>).filter { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 >> 60 >= 14 }.prefix(7)
        var table = IntegerTable<Int64>()
        for key in keys { table[key] = key }
        for gone in keys {
            table[gone] = nil
            #expect(table[gone] == nil)
            for key in keys where key != gone { #expect(table[key] == key) }
            table[gone] = gone
        }
    }

    @Test func aValueThatIsNilItselfIsThere() {
        var table = IntegerTable<String?>()
        table[7] = .some(nil)
        #expect(table.count == 1)
        #expect(table[7] == .some(nil))
        #expect(table[8] == nil)
    }
}
