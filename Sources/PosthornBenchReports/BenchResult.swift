/// What a benchmark found, in three forms.
package protocol BenchResult {
    /// For people.
    var table: String { get }
    /// For programs.
    var json: String { get }
    /// For ``Gate``.
    var figures: [Figure] { get }
}
