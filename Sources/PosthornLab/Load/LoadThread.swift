/// Which one a thread is among all that send a load.
struct LoadThread {
    /// Its number among those of all receivers and machines, counted from 0.
    let number: Int
    /// How many these are.
    let count: Int
    /// Its number among those that send to the same receiver, from all machines, counted from 0.
    let numberAtReceiver: Int
    /// How many these are.
    let countAtReceiver: Int
}
