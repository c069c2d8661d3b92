import Testing

/// Words that must not stand in what is kept.
@Suite struct WordingTests {
    /// Put together, so that this file does not find itself.
    static let markers = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]
    static let machinePaths = ["/home" + "/", "/work" + "/", "/root" + "/", "/Users" + "/", ".." + "/shared"]

    @Test func nothingIsLeftForLaterInAMarker() {
        for file in SourceTree.everything() {
            for (i, line) in file.lines.enumerated() {
                let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
                let found = words.first { Self.markers.contains(String($0)) }
                #expect(found == nil, "\(file.path):\(i + 1) has \(found ?? "")")
            }
        }
    }

    @Test func nothingNamesAPathOfOneMachine() {
        for file in SourceTree.everything() {
            for (i, line) in file.lines.enumerated() {
                let found = Self.machinePaths.first { line.contains($0) }
                #expect(found == nil, "\(file.path):\(i + 1) has \(found ?? "")")
            }
        }
    }
}
