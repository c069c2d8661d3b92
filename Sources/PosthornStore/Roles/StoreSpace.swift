/// What a store gives back to the disk. Part of ``OutboxStore``, under the same rules.
public protocol StoreSpace: AnyObject {
    /// Gives space back that deleted rows have left, beyond what new ones will soon need.
    /// - Parameter limit: How many pages at most.
    /// - Returns: How many there were; 0 when nothing is left to be given back, or the store cannot.
    func giveBackSpace(limit: Int) throws(OutboxProblem) -> Int
}
